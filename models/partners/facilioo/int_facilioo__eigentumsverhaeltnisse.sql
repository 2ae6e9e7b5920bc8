{{ config(enabled=partner_aktiv('facilioo'), schema='intermediate', materialized='view') }}

with

eigentumsverhaeltnisse as (
    {{ eigentumsverhaeltnisse('facilioo') }}
),

id_konflikte as (
    select * from {{ ref('int_facilioo__id_konflikte') }}
)

select eigentumsverhaeltnisse.*
from eigentumsverhaeltnisse
-- I6: of two records with one id neither is sent
where eigentumsverhaeltnisse.vertrag_person_id not in (select id_konflikte.external_id from id_konflikte)
