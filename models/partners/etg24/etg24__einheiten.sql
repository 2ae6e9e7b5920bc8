{{ config(enabled=partner_aktiv('etg24')) }}

with

verwaltungseinheiten as (
    select * from {{ ref('int_verwaltungseinheiten') }}
),

ve_klassen as (
    select * from {{ ref('ve_klassen') }}
),

records as (
    select
        {{ composite_id('etg24', 'verwaltungseinheit', table='verwaltungseinheiten') }} as external_id,
        {{ composite_id('etg24', 'gebaeude', table='verwaltungseinheiten') }} as objekte_external_id,
        verwaltungseinheiten.ve_nr as number,
        verwaltungseinheiten.lage as position,
        verwaltungseinheiten.mea as share,
        verwaltungseinheiten.flaeche as area,
        ve_klassen.etg24_type as type,
        {{ 'verwaltungseinheiten.mea' if partner_settings('etg24').stimmen_nach_mea
            else 'cast(null as decimal(10, 4))' }} as "votingWeight"
    from verwaltungseinheiten
    left join ve_klassen on verwaltungseinheiten.klasse = ve_klassen.klasse
    where {{ sendable('etg24', 'verwaltungseinheit', table='verwaltungseinheiten') }}  -- E1, I5
)

select * from records
