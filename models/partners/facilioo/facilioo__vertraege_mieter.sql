{{ config(enabled=partner_aktiv('facilioo'), schema='partners', contract={'enforced': true}) }}

with

mietverhaeltnisse as (
    select * from {{ ref('int_facilioo__mietverhaeltnisse') }}
)

select
    vertrag_person_id as external_id,
    verwaltungseinheit_id as einheiten_external_id,
    {{ composite_id('facilioo', 'person') }} as parteien_mieter_external_id,
    mv_nr as number,
    4 as "typeId",
    {{ facilioo_beginn('beginn') }} as "effectiveFrom",
    {{ facilioo_ende('ende') }} as "terminationAt"
from mietverhaeltnisse
