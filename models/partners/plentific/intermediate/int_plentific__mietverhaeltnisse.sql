{{ config(enabled=partner_aktiv('plentific'), materialized='view') }}

with

mietverhaeltnisse as (
    {{ mietverhaeltnisse('plentific') }}
)

select * from mietverhaeltnisse
