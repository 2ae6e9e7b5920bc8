{{ config(enabled=partner_aktiv('casavi'), schema='partners', materialized='view') }}

{{ departures(
    'casavi',
    entities={
        'liegenschaften': 'wirtschaftseinheit',
        'einheiten': 'verwaltungseinheit',
        'vertraege_mieter': 'mieter',
        'vertraege_eigentuemer': 'eigentuemer',
    },
) }}
