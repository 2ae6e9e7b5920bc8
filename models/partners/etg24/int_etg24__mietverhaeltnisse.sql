{{ config(enabled=partner_aktiv('etg24'), schema='intermediate', materialized='view') }}

with

mietverhaeltnisse as (
    {{ mietverhaeltnisse('etg24') }}
),

id_konflikte as (
    select * from {{ ref('int_etg24__id_konflikte') }}
)

select mietverhaeltnisse.*
from mietverhaeltnisse
-- I6: of two records with one id neither is sent
where mietverhaeltnisse.vertrag_id not in (select id_konflikte.external_id from id_konflikte)
