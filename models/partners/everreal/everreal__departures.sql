{{ config(enabled=partner_aktiv('everreal'), materialized='view') }}

with

departures as (
    {{ departures(
        'everreal',
        entities={
            'objektgruppen': 'wirtschaftseinheit',
            'einheiten': 'verwaltungseinheit',
            'mieter': 'mieter',
        },
    ) }}
)

select * from departures
