{{ config(enabled=partner_aktiv('idwell'), materialized='view') }}

with

eigentumsverhaeltnisse as (
    {{ eigentumsverhaeltnisse('idwell') }}
)

select * from eigentumsverhaeltnisse
