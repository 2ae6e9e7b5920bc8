{{ config(enabled=partner_aktiv('immomio'), materialized='view') }}

with

departures as (
    {{ departures(
        'immomio',
        entities={
            'wirtschaftseinheiten': 'wirtschaftseinheit',
            'verwaltungseinheiten': 'verwaltungseinheit',
            'leerstaende': 'verwaltungseinheit',
        },
    ) }}
)

select * from departures
