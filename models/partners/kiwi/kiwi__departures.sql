{{ config(enabled=partner_aktiv('kiwi'), schema='partners', materialized='view') }}

{{ departures(
    'kiwi',
    entities={
        'verwaltungseinheiten': 'verwaltungseinheit',
        'mietvertraege': 'mieter',
    },
) }}
