{{ config(enabled=partner_aktiv('casavi'), schema='partners', contract={'enforced': true}) }}

with

mietverhaeltnisse as (
    select * from {{ ref('int_casavi__mietverhaeltnisse') }}
),

id_konflikte as (
    select * from {{ ref('int_casavi__id_konflikte') }}
)

select
    vertrag_person_id as external_id,
    {{ composite_id('casavi', 'wirtschaftseinheit') }} as liegenschaften_external_id,
    verwaltungseinheit_id as einheiten_external_id,
    {{ composite_id('casavi', 'person') }} as kontakte_external_id,
    'RENTER' as type,
    mv_nr as number,
    beginn as "startDate",
    ende as "endDate"
from mietverhaeltnisse
-- I6: of two records with one id neither is sent
where vertrag_person_id not in (select id_konflikte.external_id from id_konflikte)
