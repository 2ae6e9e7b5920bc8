{{ config(enabled=partner_aktiv('facilioo')) }}

with

verwaltungseinheiten as (
    select * from {{ ref('int_verwaltungseinheiten') }}
),

ve_klassen as (
    select * from {{ ref('ve_klassen') }}
),

records as (
    select
        {{ composite_id('facilioo', 'verwaltungseinheit', table='verwaltungseinheiten') }} as external_id,
        {{ composite_id('facilioo', 'gebaeude', table='verwaltungseinheiten') }} as eingaenge_external_id,
        verwaltungseinheiten.ve_nr as number,
        verwaltungseinheiten.name,
        verwaltungseinheiten.etage as floor,
        verwaltungseinheiten.lage as position,
        ve_klassen.facilioo_type_id as "typeId"
    from verwaltungseinheiten
    left join ve_klassen on verwaltungseinheiten.klasse = ve_klassen.klasse
    where {{ sendable('facilioo', 'verwaltungseinheit', table='verwaltungseinheiten') }}  -- E1, I5
)

select * from records
