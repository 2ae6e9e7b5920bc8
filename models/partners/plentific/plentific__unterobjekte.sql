{{ config(enabled=partner_aktiv('plentific')) }}

with

verwaltungseinheiten as (
    select * from {{ ref('int_verwaltungseinheiten') }}
),

gebaeude as (
    select * from {{ ref('stg_erp__gebaeude') }}
),

records as (
    select
        {{ composite_id('plentific', 'verwaltungseinheit', table='verwaltungseinheiten') }} as external_id,
        {{ composite_id('plentific', 'gebaeude', table='verwaltungseinheiten') }} as objekte_external_id,
        verwaltungseinheiten.name,
        {{ plentific_address('gebaeude') }} as address,
        verwaltungseinheiten.etage as floor,
        verwaltungseinheiten.ve_nr as unit_number,
        verwaltungseinheiten.flaeche as size_sqm,
        verwaltungseinheiten.zimmer as rooms,
        true as is_active
    from verwaltungseinheiten
    inner join gebaeude
        on {{ same_key('gebaeude', 'verwaltungseinheiten', 'gebaeude') }}
    where {{ sendable('plentific', 'verwaltungseinheit', table='verwaltungseinheiten') }}  -- E1, I5
)

select * from records
