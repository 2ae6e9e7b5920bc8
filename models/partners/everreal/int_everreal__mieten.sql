{{ config(enabled=partner_aktiv('everreal'), schema='intermediate') }}

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
)

select
    {{ key_columns('mietvertrag') | join(', ') }},
    cast(sum(betrag_netto) filter (where kostenart = 'Kaltmiete') as decimal(12, 2)) as kaltmiete,
    cast(sum(betrag_netto) filter (where kostenart = 'Nebenkosten') as decimal(12, 2)) as nebenkosten,
    cast(sum(betrag_netto) filter (where kostenart = 'Heizungskosten') as decimal(12, 2)) as heizungskosten,
    cast(sum(betrag_netto) as decimal(12, 2)) as gesamtmiete
from gueltig
group by {{ key_columns('mietvertrag') | join(', ') }}
