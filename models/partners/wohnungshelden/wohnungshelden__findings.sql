{{ config(enabled=partner_aktiv('wohnungshelden'), schema='quality', materialized='view') }}

with

findings as (
    {{ leerstand_findings('wohnungshelden') }}
)

select * from findings
