{{ config(enabled=partner_aktiv('idwell'), materialized='view') }}

with

departures as (
    {{ departures(
        'idwell',
        entities={
            'gebaeude': 'gebaeude',
            'einheiten': 'verwaltungseinheit',
            'bezuege_eigentuemer': 'eigentuemer',
            'bezuege_mieter': 'mieter',
        },
    ) }}
    union all
    {{ document_departures('idwell', 'dokumente', folders='ordner') }}
)

select * from departures
