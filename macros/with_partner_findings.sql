{#- Findings that concern all partners, and those of each partner that is on; `tables`: only of these ERP tables. -#}
{% macro with_partner_findings(rows, tables=none) -%}
    select
        rule,
        table_name,
        key,
        column_name,
        value,
        cast(null as string) as partner,
        reason
    from {{ rows }}
    {% for partner in aktive_partner() %}
        union all
        select
            rule,
            table_name,
            key,
            column_name,
            value,
            partner,
            reason
        from {{ ref(partner ~ '__findings') }}
        {% if tables %}
        where table_name in ('{{ tables | join("', '") }}')
        {% endif %}
    {% endfor %}
{%- endmacro %}
