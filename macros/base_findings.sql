{% macro base_findings(tabellen) -%}
    with

    {% for tabelle in tabellen -%}
    {{ tabelle }}_rows as (
        select
            {{ erp_key_text(finding_key(tabelle)) | indent(12) }} as key,
            _rule,
            _reason,
            _maengel
        from {{ ref('base_erp__' ~ tabelle) }}
        where _rule is not null or _maengel is not null
    ),

    {{ tabelle }}_values as (
        select
            key,
            unnest(_maengel) as mangel
        from {{ tabelle }}_rows
    ){{ ',' if not loop.last }}

    {% endfor -%}
    {%- for tabelle in tabellen -%}
    select
        _rule as rule,
        '{{ tabelle }}' as table_name,
        key,
        cast(null as varchar) as column_name,
        cast(null as varchar) as value,
        _reason as reason
    from {{ tabelle }}_rows
    where _rule is not null
    union all
    select
        mangel.rule,
        '{{ tabelle }}' as table_name,
        key,
        mangel.column_name,
        {% if personal_columns(tabelle) -%}
        case
            when mangel.column_name in ('{{ personal_columns(tabelle) | join("', '") }}')
                then {{ mask('mangel.value') }}
            else mangel.value
        end as value,
        {%- else -%}
        mangel.value,
        {%- endif %}
        mangel.reason
    from {{ tabelle }}_values
    {{ 'union all' if not loop.last }}
    {% endfor -%}
{%- endmacro %}


{#- A tenant is named as the partners know it: by lease and person. -#}
{% macro finding_key(tabelle) %}
    {% do return(record_key('mietvertrag', person=true) if tabelle == 'mieter' else erp_key(tabelle)) %}
{% endmacro %}
