{{ config(enabled=partner_aktiv('etg24'), materialized='view') }}

with

mietverhaeltnisse as (
    {{ mietverhaeltnisse('etg24') }}
),

with_own_id as (
    select * from mietverhaeltnisse
    where {{ has_own_id('etg24', 'vertrag_id') }}  -- I6: of two records with one id neither is sent
)

select * from with_own_id
