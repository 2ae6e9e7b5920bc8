{{ config(enabled=partner_aktiv('plentific'), schema='partners', materialized='view') }}

{{ departures(
    'plentific',
    entities={
        'objekte': 'gebaeude',
        'unterobjekte': 'verwaltungseinheit',
        'unterobjekte_mieter': 'mieter',
    },
) }}
