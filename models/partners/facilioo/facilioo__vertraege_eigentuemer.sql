{{ config(enabled=partner_aktiv('facilioo'), schema='partners', contract={'enforced': true}) }}

with

eigentumsverhaeltnisse as (
    select * from {{ ref('int_facilioo__eigentumsverhaeltnisse') }}
),

parteien as (
    select * from {{ ref('int_facilioo__parteien') }}
)

select
    eigentumsverhaeltnisse.vertrag_person_id as external_id,
    eigentumsverhaeltnisse.verwaltungseinheit_id as einheiten_external_id,
    case when parteien.rolle = 'mieter' then parteien.partei_id end as parteien_mieter_external_id,
    case when parteien.rolle = 'eigentuemer' then parteien.partei_id end as parteien_eigentuemer_external_id,
    eigentumsverhaeltnisse.ev_nr as number,
    3 as "typeId",
    {{ facilioo_beginn('eigentumsverhaeltnisse.beginn') }} as "effectiveFrom",
    {{ facilioo_ende('eigentumsverhaeltnisse.ende') }} as "terminationAt"
from eigentumsverhaeltnisse
left join parteien on eigentumsverhaeltnisse.person_nr = parteien.person_nr
