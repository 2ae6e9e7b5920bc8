{#- Rows of `targets` for `judged_documents`: what a partner holds of a level whose rows are records of their own. -#}
{% macro document_targets(partner, level, relation) -%}
    select
        '{{ level }}' as level,
        {{ bezug_key(level) }} as bezug_key,
        [mandant_nr] as mandanten,
        {{ composite_id(partner, level) }} as {{ level }}_id
    from {{ relation }}
{%- endmacro %}
