{%- set projekte = partner_settings('facilioo').projekte or {} -%}
{#- A column more is no column of the YAML: the contract holds for the setting that is shipped. -#}
{{ config(
    enabled=partner_aktiv('facilioo'),
    contract={'enforced': not projekte}
) }}

with

gebaeude as (
    select
        *,
        {{ composite_id('facilioo', 'wirtschaftseinheit') }} as projekt
    from {{ ref('stg_erp__gebaeude') }}
),

records as (
    select
        {{ composite_id('facilioo', 'gebaeude') }} as external_id,
        {%- if projekte %}
        case when projekt not in ({{ sql_texts(projekte) }}) then projekt end as projekte_external_id,
        case projekt
            {%- for id, projekt_id in projekte.items() %}
            when {{ sql_text(id) }} then {{ projekt_id }}
            {%- endfor %}
        end as "tenantId",
        {%- else %}
            projekt as projekte_external_id,
        {%- endif %}
        {{ anzeigename('gebaeude') }} as name,
        {{ facilioo_gebaeude_number(projekte) }} as number,
        {{ facilioo_address() }}
    from gebaeude
    where {{ sendable('facilioo', 'gebaeude') }}  -- E1, I5
)

select * from records
