{% macro base_findings(tabelle) -%}
    {%- set schluessel = erp_key(tabelle) -%}
    {#- A tenant is named as partners know it: lease and person. -#}
    {%- if tabelle == 'mieter' -%}
        {%- set schluessel = record_key('mietvertrag', person=true) -%}
    {%- endif -%}
    with

    {{ tabelle }} as (
        select
            {{ erp_key_text(schluessel, 'base') | indent(12) }} as schluessel,
            base._regel,
            base._grund,
            base._maengel
        from {{ ref('base_erp__' ~ tabelle) }} as base
        where base._regel is not null or base._maengel is not null
    ),

    mended as (
        select
            schluessel,
            unnest(_maengel) as mangel
        from {{ tabelle }}
    )

    select
        _regel as regel,
        '{{ tabelle }}' as tabelle,
        schluessel,
        cast(null as varchar) as spalte,
        cast(null as varchar) as wert,
        _grund as grund
    from {{ tabelle }}
    where _regel is not null
    union all
    select
        mangel.regel,
        '{{ tabelle }}' as tabelle,
        schluessel,
        mangel.spalte,
        {% if personal_columns(tabelle) -%}
        case
            when mangel.spalte in ('{{ personal_columns(tabelle) | join("', '") }}') then {{ mask('mangel.wert') }}
            else mangel.wert
        end as wert,
        {%- else -%}
        mangel.wert,
        {%- endif %}
        cast(null as varchar) as grund
    from mended
{%- endmacro %}
