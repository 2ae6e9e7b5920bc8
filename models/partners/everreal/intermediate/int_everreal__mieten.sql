{{ config(enabled=partner_aktiv('everreal')) }}

with

mietvertraege as (
    select * from {{ ref('int_mietvertraege') }}
),

konditionen as (
    select * from {{ ref('stg_erp__mietkondition') }}
),

kostenarten as (
    select * from {{ ref('int_everreal__kostenarten') }}
),

gueltig as (
    select
        {{ record_key('mietvertrag', table='konditionen') | join(', ') }},
        kostenarten.kostenart,
        konditionen.betrag_netto
    from konditionen
    inner join mietvertraege on {{ same_key('mietvertrag', 'konditionen', 'mietvertraege') }}
    inner join kostenarten on konditionen.kondition_art = kostenarten.kondition_art
    where
        -- valid at the key date, of a future lease at its begin
        coalesce(konditionen.gueltig_von <= greatest({{ stichtag() }}, mietvertraege.mietbeginn), true)
        and coalesce(konditionen.gueltig_bis >= greatest({{ stichtag() }}, mietvertraege.mietbeginn), true)
),

rents as (
    select
        {{ key_columns('mietvertrag') | join(', ') }},
        {{ sum_of_known('betrag_netto', "kostenart = 'Kaltmiete'") }} as kaltmiete,
        {{ sum_of_known('betrag_netto', "kostenart = 'Nebenkosten'") }} as nebenkosten,
        {{ sum_of_known('betrag_netto', "kostenart = 'Heizungskosten'") }} as heizungskosten,
        {{ sum_of_known('betrag_netto', 'true') }} as gesamtmiete
    from gueltig
    group by {{ key_columns('mietvertrag') | join(', ') }}
)

select * from rents
