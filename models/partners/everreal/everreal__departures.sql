{{ config(enabled=partner_aktiv('everreal'), schema='partners', materialized='view') }}

{{ departures(
    'everreal',
    entities={
        'objektgruppen': 'wirtschaftseinheit',
        'einheiten': 'verwaltungseinheit',
        'mieter': 'mieter',
    },
) }}
