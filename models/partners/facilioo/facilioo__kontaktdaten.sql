{{ config(enabled=partner_aktiv('facilioo')) }}
{%- set settings = partner_settings('facilioo') -%}
{#- Our word for the kind is part of the id; what facilioo calls it is a setting and may change. -#}
{%- set kinds = [
    ('email', settings.kontaktart_email),
    ('festnetz', settings.kontaktart_festnetz),
    ('handynummer', settings.kontaktart_handynummer),
] %}

with

parteien as (
    select * from {{ ref('int_facilioo__parteien') }}
),

kontaktwege as (
    {%- for kind, contact_type_id in kinds if contact_type_id is not none %}
        {{- '\n    union all' if not loop.first }}
        select
            partei_id,
            rolle,
            '{{ kind }}' as art,
            {{ contact_type_id }} as contact_type_id,
            {{ kind }} as value
        from parteien
    {%- endfor %}
),

records as (
    select
        partei_id || '{{ settings.separator }}' || art as external_id,
        case when rolle = 'mieter' then partei_id end as parteien_mieter_external_id,
        case when rolle = 'eigentuemer' then partei_id end as parteien_eigentuemer_external_id,
        contact_type_id as "contactTypeId",
        value
    from kontaktwege
    where value is not null  -- no record for a kind of contact that the ERP does not know
)

select * from records
