{{ config(enabled=partner_aktiv('kiwi')) }}

with

mietverhaeltnisse as (
    select * from {{ ref('int_kiwi__mietverhaeltnisse') }}
),

records as (
    select
        vertrag_person_id as external_id,
        verwaltungseinheit_id as verwaltungseinheiten_external_id,
        {{ composite_id('kiwi', 'person') }} as mieter_external_id,
        beginn as starts_at,
        ende as ends_at
    from mietverhaeltnisse
)

select * from records
