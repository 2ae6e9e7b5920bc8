{{ config(enabled=partner_aktiv('kiwi')) }}

with

personen as (
    select * from {{ ref('int_personen') }}
),

mietverhaeltnisse as (
    select * from {{ ref('int_kiwi__mietverhaeltnisse') }}
),

records as (
    select
        {{ composite_id('kiwi', 'person') }} as external_id,
        {{ vorname() }} as first_name,
        name as last_name,
        email
    from personen
    where person_nr in (select mietverhaeltnisse.person_nr from mietverhaeltnisse)  -- E1, E2, I5
)

select * from records
