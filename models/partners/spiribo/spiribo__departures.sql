{{ config(enabled=partner_aktiv('spiribo'), materialized='view') }}

with

departures as (
    {{ departures(
        'spiribo',
        entities={
            'gebaeude': 'gebaeude',
            'wohnungen': 'verwaltungseinheit',
            'vertraege': 'mietvertrag',
        },
    ) }}
)

select * from departures
