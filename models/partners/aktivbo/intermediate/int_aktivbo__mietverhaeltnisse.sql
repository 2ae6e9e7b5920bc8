{{ config(enabled=partner_aktiv('aktivbo')) }}

{% set frist = partner_settings('aktivbo').tage_nach_ende %}

with

mietvertraege as (
    select * from {{ ref('stg_erp__mietvertrag') }}
    where
        {{ lease_in_scope('status', 'vertragsart') }}  -- L4
        -- AB1: and those that ended a short while ago
        or (
            status = 'beendet'
            and ende >= {{ stichtag() }} - {{ frist }}
            and {{ lease_in_scope("'aktiv'", 'vertragsart') }}
        )
),

mieter as (
    select * from {{ ref('stg_erp__mieter') }}
),

personen as (
    select * from {{ ref('int_personen') }}
),

einwilligungen as (
    select * from {{ ref('int_aktivbo__einwilligungen') }}
),

tenants as (
    select
        mieter.mandant_nr,
        mieter.we_nr,
        mieter.gebaeude_nr,
        mieter.ve_nr,
        mieter.mv_nr,
        mieter.person_nr,
        mieter.quelle_erp,
        {{ composite_id('aktivbo', 'verwaltungseinheit', table='mieter') }} as wohnung_id,
        {{ composite_id('aktivbo', 'mietvertrag', person=true, table='mieter') }} as vertrag_person_id,
        mieter.rolle = 'Hauptmieter' as ist_hauptmieter,
        mieter.gueltig_von,
        mieter._zeile,
        greatest(mietvertraege.mietbeginn, mieter.gueltig_von) as beginn,  -- I8
        least(mietvertraege.ende, mieter.gueltig_bis) as ende,  -- I8
        mietvertraege.kuendigung_am,
        personen.ist_firma,
        coalesce(einwilligungen.ist_erteilt, false) as ist_erteilt,
        einwilligungen.erteilt_am,
        coalesce(einwilligungen.reason, 'there is no consent') as reason
    from mieter
    inner join mietvertraege on {{ same_key('mietvertrag', 'mieter', 'mietvertraege') }}
    inner join personen on mieter.person_nr = personen.person_nr  -- L5, E8, E9
    left join einwilligungen on mieter.person_nr = einwilligungen.person_nr
    where
        {{ sendable('aktivbo', 'mietvertrag', person=true, table='mieter') }}  -- E1, I3, I5
        and mieter.rolle in ('Hauptmieter', 'Mitmieter')  -- L5
        -- L5; AB1: of a lease that is over, who was its tenant to the end
        and coalesce(
            mieter.gueltig_bis
            >= case when mietvertraege.status = 'beendet' then mietvertraege.ende else {{ stichtag() }} end,
            true
        )
),

once as (
    select distinct on (vertrag_person_id) *
    from tenants
    order by vertrag_person_id asc, ist_hauptmieter desc, gueltig_von asc nulls last, _zeile asc  -- L5
)

select * from once
