{{ config(enabled=partner_aktiv('etg24'), materialized='view') }}

with

departures as (
    {{ departures(
        'etg24',
        entities={
            'objektgruppen': 'wirtschaftseinheit',
            'objekte': 'gebaeude',
            'objekt_adressen': 'gebaeude',
            'einheiten': 'verwaltungseinheit',
            'mietvertraege': 'mietvertrag',
            'mieter': 'mieter',
            'eigentuemervertraege': 'eigentuemervertrag',
            'eigentuemer': 'eigentuemer',
        },
    ) }}
)

select * from departures
