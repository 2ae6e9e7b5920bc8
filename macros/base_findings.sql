{% macro base_findings(tables) -%}
    with

    {% for table_name in tables -%}
    {{ table_name }}_rows as (
        select
            {{ erp_key_text(finding_key(table_name)) | indent(12) }} as key,
            _rule,
            _reason,
            _maengel
        from {{ ref('base_erp__' ~ table_name) }}
        where _rule is not null or _maengel is not null
    ),

    {{ table_name }}_values as (
        select
            key,
            {{ unnest('_maengel') }} as mangel
        from {{ table_name }}_rows
    ){{ ',' if not loop.last }}

    {% endfor -%}
    {%- for table_name in tables -%}
    select
        _rule as rule,
        '{{ table_name }}' as table_name,
        key,
        cast(null as string) as column_name,
        cast(null as string) as value,
        _reason as reason
    from {{ table_name }}_rows
    where _rule is not null
    union all
    select
        mangel.rule,
        '{{ table_name }}' as table_name,
        key,
        mangel.column_name,
        {% if personal_columns(table_name) -%}
        case
            when mangel.column_name in ('{{ personal_columns(table_name) | join("', '") }}')
                then {{ mask('mangel.value') }}
            else mangel.value
        end as value,
        {%- else -%}
        mangel.value,
        {%- endif %}
        mangel.reason
    from {{ table_name }}_values
    {{ 'union all' if not loop.last }}
    {% endfor -%}
{%- endmacro %}


{#- A tenant is named as the partners know it: by lease and person. -#}
{% macro finding_key(table_name) %}
    {% do return(record_key('mietvertrag', person=true) if table_name == 'mieter' else erp_key(table_name)) %}
{% endmacro %}
