{{ config(enabled=partner_aktiv('kiwi')) }}

with

verwaltungseinheiten as (
    select * from {{ ref('int_verwaltungseinheiten') }}
),

gebaeude as (
    select * from {{ ref('stg_erp__gebaeude') }}
),

records as (
    select
        {{ composite_id('kiwi', 'verwaltungseinheit', table='verwaltungseinheiten') }} as external_id,
        verwaltungseinheiten.name,
        case
            when gebaeude.gebaeude_nr is not null
                then {{ struct({
                    'street': strasse_hausnummer('gebaeude'),
                    'postal_code': 'gebaeude.plz',
                    'city': 'gebaeude.ort',
                    'country': 'gebaeude.land',
                }) }}
        end as address,
        verwaltungseinheiten.etage as floor,
        verwaltungseinheiten.ve_nr as door_number
    from verwaltungseinheiten
    left join gebaeude
        on {{ same_key('gebaeude', 'verwaltungseinheiten', 'gebaeude') }}
    where {{ sendable('kiwi', 'verwaltungseinheit', table='verwaltungseinheiten') }}  -- E1, I5
)

select * from records
