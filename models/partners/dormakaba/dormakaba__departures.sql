{{ config(enabled=partner_aktiv('dormakaba'), materialized='view') }}

with

departures as (
    {{ departures(
        'dormakaba',
        entities={
            'liegenschaften': 'wirtschaftseinheit',
            'gebaeude': 'gebaeude',
            'mietobjekte': 'verwaltungseinheit',
            'mietvertraege': 'mietvertrag',
        },
    ) }}
)

select * from departures
