{{ config(enabled=partner_aktiv('facilioo'), schema='intermediate', materialized='view') }}

with

mietverhaeltnisse as (
    {{ mietverhaeltnisse('facilioo') }}
),

id_konflikte as (
    select * from {{ ref('int_facilioo__id_konflikte') }}
)

select mietverhaeltnisse.*
from mietverhaeltnisse
-- I6: of two records with one id neither is sent
where mietverhaeltnisse.vertrag_person_id not in (select id_konflikte.external_id from id_konflikte)
