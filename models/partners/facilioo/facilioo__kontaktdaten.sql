{{ config(enabled=partner_aktiv('facilioo'), schema='partners', contract={'enforced': true}) }}

with

parteien as (
    select * from {{ ref('int_facilioo__parteien') }}
),

kontaktwege as (
    select
        partei_id,
        rolle,
        1 as contact_type_id,
        email as value
    from parteien
    union all
    select
        partei_id,
        rolle,
        2 as contact_type_id,
        festnetz as value
    from parteien
    union all
    select
        partei_id,
        rolle,
        3 as contact_type_id,
        handynummer as value
    from parteien
)

select
    partei_id || '{{ partner_settings('facilioo').separator }}' || contact_type_id as external_id,
    case when rolle = 'mieter' then partei_id end as parteien_mieter_external_id,
    case when rolle = 'eigentuemer' then partei_id end as parteien_eigentuemer_external_id,
    contact_type_id as "contactTypeId",
    value
from kontaktwege
where value is not null  -- no record for a kind of contact that the ERP does not know
