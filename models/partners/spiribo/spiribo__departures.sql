{{ config(enabled=partner_aktiv('spiribo'), materialized='view') }}

with

departures as (
    {{ departures(
        'spiribo',
        entities={
            'gebaeude': 'gebaeude',
            'wohnungen': 'verwaltungseinheit',
            'vertraege': 'mietvertrag',
        },
    ) }}
    union all
    {{ document_departures('spiribo', 'dokumente') }}
)

select * from departures
