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
    where
        {{ sendable('immomio', 'verwaltungseinheit') }}  -- E1, I5
        and hindernisse is null  -- V1
        and ohne_miete is null  -- LE2
)

select * from records
