{{ config(enabled=partner_aktiv('casavi'), materialized='view') }}

with

departures as (
    {{ departures(
        'casavi',
        entities={
            'liegenschaften': 'wirtschaftseinheit',
            'einheiten': 'verwaltungseinheit',
            'vertraege_mieter': 'mieter',
            'vertraege_eigentuemer': 'eigentuemer',
        },
    ) }}
)

select * from departures
