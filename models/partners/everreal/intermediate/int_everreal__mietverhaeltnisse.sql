{{ config(enabled=partner_aktiv('everreal'), materialized='view') }}

with

mietverhaeltnisse as (
    {{ mietverhaeltnisse('everreal') }}
)

select * from mietverhaeltnisse
