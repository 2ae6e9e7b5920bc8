{{ config(enabled=partner_aktiv('idwell')) }}

with

mieter_in_scope as (
    select
        {{ record_key('mietvertrag', person=true) | join(',\n        ') }},
        ist_hauptmieter,
        beginn,
        ende
    from {{ ref('int_mieter') }}
),

-- L4: the exception for iDWELL, which shows the tenants of an ended lease as blocked
ended_leases as (
    select * from {{ ref('stg_erp__mietvertrag') }}
    where status = 'beendet' and {{ lease_in_scope_or_ended() }}
),

tenants_of_ended_leases as (
    {{ tenants_to_the_end('ended_leases') }}
),

alle_mieter as (
    select * from mieter_in_scope
    union all
    select
        {{ record_key('mietvertrag', person=true) | join(',\n        ') }},
        ist_hauptmieter,
        beginn,
        ende
    from tenants_of_ended_leases
),

mietverhaeltnisse as (
    select
        {{ record_key('mietvertrag', person=true, table='alle_mieter') | join(',\n        ') }},
        {{ composite_id('idwell', 'verwaltungseinheit', table='alle_mieter') }} as verwaltungseinheit_id,
        {{ composite_id('idwell', 'mietvertrag', person=true, table='alle_mieter') }} as vertrag_person_id,
        alle_mieter.ist_hauptmieter,
        alle_mieter.beginn,
        alle_mieter.ende
    from alle_mieter
    where {{ sendable('idwell', 'mietvertrag', person=true, table='alle_mieter') }}  -- E1, I5
)

select * from mietverhaeltnisse
