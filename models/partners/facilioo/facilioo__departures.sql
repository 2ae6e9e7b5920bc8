{{ config(enabled=partner_aktiv('facilioo'), schema='partners', materialized='view') }}

{{ departures(
    'facilioo',
    entities={
        'projekte': 'wirtschaftseinheit',
        'gebaeude': 'gebaeude',
        'eingaenge': 'gebaeude',
        'einheiten': 'verwaltungseinheit',
        'vertraege_mieter': 'mieter',
        'vertraege_eigentuemer': 'eigentuemer',
    },
) }}
