{{ config(enabled=partner_aktiv('idwell')) }}

with

verwaltungseinheiten as (
    select * from {{ ref('int_verwaltungseinheiten') }}
),

gebaeude as (
    select * from {{ ref('stg_erp__gebaeude') }}
),

ve_klassen as (
    select * from {{ ref('ve_klassen') }}
),

records as (
    select
        {{ composite_id('idwell', 'verwaltungseinheit', table='verwaltungseinheiten') }} as external_id,
        {{ composite_id('idwell', 'gebaeude', table='verwaltungseinheiten') }} as gebaeude_external_id,
        verwaltungseinheiten.ve_nr as number,
        try_cast(verwaltungseinheiten.etage as integer) as floor,
        verwaltungseinheiten.lage as position,
        ve_klassen.idwell_type as type,
        verwaltungseinheiten.flaeche as living_area,
        verwaltungseinheiten.zimmer as rooms,
        gebaeude.strasse as street,
        {{ hausnummer('gebaeude') }} as house_number,
        gebaeude.plz as zip,
        gebaeude.ort as city,
        true as active
    from verwaltungseinheiten
    left join gebaeude on {{ same_key('gebaeude', 'verwaltungseinheiten', 'gebaeude') }}
    left join ve_klassen on verwaltungseinheiten.klasse = ve_klassen.klasse
    where {{ sendable('idwell', 'verwaltungseinheit', table='verwaltungseinheiten') }}  -- E1, I5
)

select * from records
