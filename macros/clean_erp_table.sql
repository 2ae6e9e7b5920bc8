{% macro clean_erp_table(tabelle, spalten) -%}
    {%- set erp = 'coalesce(quelle_erp, ' ~ quelle_erp() ~ ')' -%}
    with

    cleaned as (
        select
            _zeile,
            {{ clean_text('columns(* exclude (_zeile))') }}
        from {{ source('erp_raw', tabelle) }}
    )

    select
        _zeile,
        {{ erp }} as quelle_erp,
        {%- for spalte in spalten if spalte != 'quelle_erp' %}
        {% if erps_with('parts_absent', spalte) -%}
        case when not {{ is_erp(erp, erps_with('parts_absent', spalte)) }} then {{ spalte }} end as {{ spalte }}
        {%- else -%}
        {{ spalte }}
        {%- endif -%}
        {{ ',' if not loop.last }}
        {%- endfor %}
    from cleaned
    {{ not_forgotten(spalten) }}
{%- endmacro %}
