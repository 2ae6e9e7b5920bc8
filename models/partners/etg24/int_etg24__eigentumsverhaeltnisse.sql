{{ config(enabled=partner_aktiv('etg24'), schema='intermediate', materialized='view') }}

with

eigentumsverhaeltnisse as (
    {{ eigentumsverhaeltnisse('etg24') }}
),

id_konflikte as (
    select * from {{ ref('int_etg24__id_konflikte') }}
)

select eigentumsverhaeltnisse.*
from eigentumsverhaeltnisse
-- I6: of two records with one id neither is sent
where eigentumsverhaeltnisse.vertrag_id not in (select id_konflikte.external_id from id_konflikte)
