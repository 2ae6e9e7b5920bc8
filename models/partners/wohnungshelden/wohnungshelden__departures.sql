{{ config(enabled=partner_aktiv('wohnungshelden'), materialized='view') }}

with

departures as (
    {{ departures('wohnungshelden', entities={'leerstaende': 'verwaltungseinheit'}) }}
)

select * from departures
