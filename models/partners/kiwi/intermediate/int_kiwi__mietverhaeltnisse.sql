{{ config(enabled=partner_aktiv('kiwi'), materialized='view') }}

with

mietverhaeltnisse as (
    {{ mietverhaeltnisse('kiwi') }}
)

select * from mietverhaeltnisse
