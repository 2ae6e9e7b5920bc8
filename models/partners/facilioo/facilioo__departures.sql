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
    union all
    {{ document_departures('facilioo', 'dokumente', folders='dokumentenordner') }}
)

select * from departures
