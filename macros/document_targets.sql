{#- Rows of `targets` for `judged_documents`: what a partner holds of a level whose rows are records of their own; those of
    the ERP that it may get (E1, I5), or of `relation`. -#}
{% macro document_targets(partner, level, relation=none) -%}
    select
        '{{ level }}' as level,
        {{ bezug_key(level) }} as bezug_key,
        [mandant_nr] as mandanten,
        {{ composite_id(partner, level) }} as {{ level }}_id
    from {{ relation or ref('stg_erp__' ~ level) }}
    {%- if not relation %}
    where {{ sendable(partner, level) }}
    {%- endif %}
{%- endmacro %}
