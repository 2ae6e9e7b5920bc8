{{ config(enabled=partner_aktiv('immomio')) }}

{% set obstacles = [
    (
        've_art',
        've_art',
        'immomio_type is null',
        'Immomio knows three kinds of units, and none is said: seeds ve_arten and immomio_ve_klassen',
    ),
] %}

with

verwaltungseinheiten as (
    select * from {{ ref('int_verwaltungseinheiten') }}
),

ve_klassen as (
    select * from {{ ref('immomio_ve_klassen') }}
),

units as (
    select
        verwaltungseinheiten.*,
        ve_klassen.immomio_type
    from verwaltungseinheiten
    left join ve_klassen on verwaltungseinheiten.klasse = ve_klassen.klasse
    where
        {{ in_mandanten('immomio', 'verwaltungseinheiten') }}  -- E1
        -- I3: a unit hangs on a Gebäude of a WE there
        and verwaltungseinheiten.gebaeude_nr is not null
        and verwaltungseinheiten.we_nr is not null
),

judged as (
    select
        *,
        {{ befunde('V1', obstacles) }} as hindernisse
    from units
)

select * from judged
