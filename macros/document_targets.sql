{#- Rows of `targets` for `judged_documents`: what a partner holds of a level whose rows are records of their own; those of
    the ERP that it may get (E1, I5), or of `relation`. `columns` are all that say what a record refers to: NULL where they are not of this level. -#}
{% macro document_targets(partner, level, columns, relation=none) -%}
    select
        '{{ level }}' as level,
        {{ bezug_key(level) }} as bezug_key,
        {{ list_of('mandant_nr') }} as mandanten,
        {%- for column in columns %}
        {{ composite_id(partner, level) if column == level ~ '_id' else 'cast(null as string)' }} as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ relation or ref('stg_erp__' ~ level) }}
    {%- if not relation %}
    where {{ sendable(partner, level) }}
    {%- endif %}
{%- endmacro %}
