{{ config(enabled=partner_aktiv('kiwi'), materialized='view') }}

with

departures as (
    {{ departures(
        'kiwi',
        entities={
            'verwaltungseinheiten': 'verwaltungseinheit',
            'mietvertraege': 'mieter',
        },
    ) }}
)

select * from departures
