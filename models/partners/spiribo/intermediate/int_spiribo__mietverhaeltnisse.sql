{{ config(enabled=partner_aktiv('spiribo')) }}

{% set settings = partner_settings('spiribo') %}

with

mietvertraege as (
    select * from {{ ref('stg_erp__mietvertrag') }}
    where
        {{ lease_in_scope('status', 'vertragsart') }}  -- L4
        -- SB1: and those that ended a short while ago
        or (
            status = 'beendet'
            and ende >= {{ stichtag() }} - {{ settings.tage_nach_ende }}
            and {{ lease_in_scope("'aktiv'", 'vertragsart') }}
        )
),

mieter as (
    select * from {{ ref('stg_erp__mieter') }}
),

personen as (
    select * from {{ ref('int_personen') }}
),

tenants as (
    select
        {{ record_key('mietvertrag', person=true, table='mieter') | join(',\n        ') }},
        {{ composite_id('spiribo', 'gebaeude', table='mieter') }} as gebaeude_id,
        {{ composite_id('spiribo', 'verwaltungseinheit', table='mieter') }} as verwaltungseinheit_id,
        {{ composite_id('spiribo', 'mietvertrag', table='mieter') }} as vertrag_id,
        {{ composite_id('spiribo', 'person', table='mieter') }} as person_id,
        mietvertraege.nutzungsart,
        mietvertraege.status,
        mietvertraege.mietbeginn,
        mietvertraege.ende as mietende,
        mieter.rolle = 'Hauptmieter' as ist_hauptmieter,
        greatest(mietvertraege.mietbeginn, mieter.gueltig_von) as beginn,  -- I8
        mieter.gueltig_von,
        mieter._zeile
    from mieter
    inner join mietvertraege on {{ same_key('mietvertrag', 'mieter', 'mietvertraege') }}
    inner join personen on mieter.person_nr = personen.person_nr  -- L5, E6, E8, E9
    where
        {{ sendable('spiribo', 'mietvertrag', person=true, table='mieter') }}  -- E1, I3, I5
        and mieter.rolle in ('Hauptmieter', 'Mitmieter')  -- L5
        -- L5; SB1: of a lease that is over, who was its tenant to the end
        and coalesce(
            mieter.gueltig_bis
            >= case when mietvertraege.status = 'beendet' then mietvertraege.ende else {{ stichtag() }} end,
            true
        )
),

once as (
    select distinct on (vertrag_id, person_id) *
    from tenants
    -- L5
    order by vertrag_id asc, person_id asc, ist_hauptmieter desc, gueltig_von asc nulls last, _zeile asc
),

chosen as (
    select * from once
    {% if settings.nur_hauptmieter %}
        where ist_hauptmieter  -- SB2
    {% endif %}
)

select * from chosen
