{#- What `findings` says of some ERP tables, as they lie now: a build of a use case writes it there. -#}
{% macro use_case_findings(tables) -%}
    select
        rule,
        table_name,
        key,
        column_name,
        value,
        cast(null as varchar) as partner,
        reason
    from ({{ base_findings(tables) }}) as erp_rows
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
        where table_name in ('{{ tables | join("', '") }}')
    {% endfor %}
{%- endmacro %}
