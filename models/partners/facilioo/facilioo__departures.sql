{{ config(enabled=partner_aktiv('facilioo'), materialized='view') }}

with

departures as (
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
)

select * from departures
