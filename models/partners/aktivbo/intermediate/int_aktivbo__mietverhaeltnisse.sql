{{ config(enabled=partner_aktiv('aktivbo')) }}

with

mietvertraege as (
    select * from {{ ref('stg_erp__mietvertrag') }}
    where {{ lease_in_scope_or_ended(partner_settings('aktivbo').tage_nach_ende) }}  -- L4, AB1
),

mieter as (
    {{ tenants_to_the_end('mietvertraege') }}
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
        mieter.ist_hauptmieter,
        mieter.beginn,
        mieter.ende,
        mietvertraege.kuendigung_am,
        personen.ist_firma,
        coalesce(einwilligungen.ist_erteilt, false) as ist_erteilt,
        einwilligungen.erteilt_am,
        coalesce(einwilligungen.reason, 'there is no consent') as reason
    from mieter
    inner join mietvertraege on {{ same_key('mietvertrag', 'mieter', 'mietvertraege') }}
    inner join personen on mieter.person_nr = personen.person_nr
    left join einwilligungen on mieter.person_nr = einwilligungen.person_nr
    where {{ sendable('aktivbo', 'mietvertrag', person=true, table='mieter') }}  -- E1, I3, I5
)

select * from tenants
