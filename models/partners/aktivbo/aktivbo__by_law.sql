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

withdrawn as (
    -- a plain no passes no guard: a column of crosses that is delivered empty says no of everybody
    select * from einwilligungen
    where ist_widerrufen
),

of_leases as (
    select distinct
        'mieter' as entity,
        {{ composite_id('aktivbo', 'mietvertrag', person=true, table='mieter') }} as external_id,
        'E7' as rule,
        withdrawn.reason,
        mieter.person_nr,
        cast(null as string) as id_ends_with
    from mieter
    inner join withdrawn on mieter.person_nr = withdrawn.person_nr
),

-- The leases of a delivery may lack some that AktivBo has.
of_persons as (
    select
        'mieter' as entity,
        cast(null as string) as external_id,
        'E7' as rule,
        reason,
        person_nr,
        '{{ partner_settings('aktivbo').separator }}' || person_nr as id_ends_with
    from withdrawn
),

records as (
    select * from of_leases
    union all
    select * from of_persons
)

select * from records
