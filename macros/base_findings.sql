{% macro base_findings(tabellen) -%}
    with

    {% for tabelle in tabellen -%}
    {{ tabelle }}_rows as (
        select
            {{ erp_key_text(finding_key(tabelle)) | indent(12) }} as schluessel,
            _regel,
            _grund,
            _maengel
        from {{ ref('base_erp__' ~ tabelle) }}
        where _regel is not null or _maengel is not null
    ),

    {{ tabelle }}_values as (
        select
            schluessel,
            unnest(_maengel) as mangel
        from {{ tabelle }}_rows
    ){{ ',' if not loop.last }}

    {% endfor -%}
    {%- for tabelle in tabellen -%}
    select
        _regel as regel,
        '{{ tabelle }}' as tabelle,
        schluessel,
        cast(null as varchar) as spalte,
        cast(null as varchar) as wert,
        _grund as grund
    from {{ tabelle }}_rows
    where _regel is not null
    union all
    select
        mangel.regel,
        '{{ tabelle }}' as tabelle,
        schluessel,
        mangel.spalte,
        {% if personal_columns(tabelle) -%}
        case
            when mangel.spalte in ('{{ personal_columns(tabelle) | join("', '") }}')
                then {{ mask('mangel.wert') }}
            else mangel.wert
        end as wert,
        {%- else -%}
        mangel.wert,
        {%- endif %}
        mangel.grund
    from {{ tabelle }}_values
    {{ 'union all' if not loop.last }}
    {% endfor -%}
{%- endmacro %}


{#- A tenant is named as the partners know it: by lease and person. -#}
{% macro finding_key(tabelle) %}
    {% do return(record_key('mietvertrag', person=true) if tabelle == 'mieter' else erp_key(tabelle)) %}
{% endmacro %}
