{{ config(enabled=partner_aktiv('immomio')) }}

with

leerstaende as (
    select * from {{ ref('int_immomio__leerstaende') }}
),

records as (
    select
        {{ composite_id('immomio', 'verwaltungseinheit') }} as external_id,
        {{ openimmo_immobilie('immomio') }}
    from leerstaende
    where {{ is_offered('immomio') }}  -- E1, I5, V1, LE1, LE2
)

select * from records
