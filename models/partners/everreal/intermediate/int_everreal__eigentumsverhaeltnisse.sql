{{ config(enabled=partner_aktiv('everreal'), materialized='view') }}

with

eigentumsverhaeltnisse as (
    {{ eigentumsverhaeltnisse('everreal') }}
)

select * from eigentumsverhaeltnisse
