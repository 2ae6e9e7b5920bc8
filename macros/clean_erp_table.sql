{% macro clean_erp_table(tabelle, spalten) -%}
    with

    cleaned as (
        select
            _zeile,
            {{ clean_text('columns(* exclude (_zeile))') }}
        from {{ source('erp_raw', tabelle) }}
    )

    select
        _zeile,
        coalesce(quelle_erp, {{ quelle_erp() }}) as quelle_erp,
        {%- for spalte in spalten if spalte != 'quelle_erp' %}
        {% if spalte in ('we_nr', 've_we_nr') -%}
        case when coalesce(quelle_erp, {{ quelle_erp() }}) <> 'uts_karthago' then {{ spalte }} end as {{ spalte }}
        {%- else -%}
        {{ spalte }}
        {%- endif -%}
        {{ ',' if not loop.last }}
        {%- endfor %}
    from cleaned
    {{ not_forgotten(spalten) }}
{%- endmacro %}
