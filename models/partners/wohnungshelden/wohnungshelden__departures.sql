{{ config(enabled=partner_aktiv('wohnungshelden'), materialized='view') }}

with

departures as (
    {{ departures(
        'wohnungshelden',
        entities={
            'leerstaende': 'verwaltungseinheit',
            'leerstaende_openimmo': 'verwaltungseinheit',
        },
    ) }}
)

select * from departures
