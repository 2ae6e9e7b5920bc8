{{ config(enabled=partner_aktiv('plentific'), materialized='view') }}

with

departures as (
    {{ departures(
        'plentific',
        entities={
            'objekte': 'gebaeude',
            'unterobjekte': 'verwaltungseinheit',
            'unterobjekte_mieter': 'mieter',
        },
    ) }}
)

select * from departures
