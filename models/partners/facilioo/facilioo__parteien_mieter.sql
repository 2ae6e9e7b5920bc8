{{ config(enabled=partner_aktiv('facilioo')) }}

with

parteien as (
    select * from {{ ref('int_facilioo__parteien') }}
),

records as (
    select
        {{ facilioo_partei() }}
    from parteien
    where rolle = 'mieter'  -- I7: one party a person
)

select * from records
