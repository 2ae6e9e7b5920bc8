{{ config(enabled=partner_aktiv('plentific'), materialized='view') }}

with

eigentumsverhaeltnisse as (
    {{ eigentumsverhaeltnisse('plentific') }}
)

select * from eigentumsverhaeltnisse
