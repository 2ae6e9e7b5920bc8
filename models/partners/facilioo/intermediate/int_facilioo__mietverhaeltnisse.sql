{{ config(enabled=partner_aktiv('facilioo'), materialized='view') }}

with

mietverhaeltnisse as (
    {{ mietverhaeltnisse('facilioo') }}
),

with_own_id as (
    select * from mietverhaeltnisse
    where {{ has_own_id('facilioo', 'vertrag_person_id') }}  -- I6: of two records with one id neither is sent
)

select * from with_own_id
