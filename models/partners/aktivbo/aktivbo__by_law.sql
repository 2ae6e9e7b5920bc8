{{ config(enabled=partner_aktiv('aktivbo')) }}

with

einwilligungen as (
    select * from {{ ref('int_aktivbo__einwilligungen') }}
),

-- Whatever is delivered of the person: AktivBo may hold a lease that is in no scope any more.
mieter as (
    select * from {{ ref('base_erp__mieter') }}
    where _rule is null or _rule <> 'C7'
),

records as (
    select distinct
        'mieter' as entity,
        {{ composite_id('aktivbo', 'mietvertrag', person=true, table='mieter') }} as external_id,
        'E7' as rule,
        einwilligungen.reason,
        mieter.person_nr
    from mieter
    inner join einwilligungen on mieter.person_nr = einwilligungen.person_nr
    -- a plain no passes no guard: a column of crosses that is delivered empty says no of everybody
    where einwilligungen.ist_widerrufen
)

select * from records
