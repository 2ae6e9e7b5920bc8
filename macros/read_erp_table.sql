{% macro read_erp_table(tabelle, spalten) -%}
    with

    cleaned as (
        {{ clean_erp_table(tabelle, spalten) | indent(8) }}
    ),

    parsed as (
        select
            *
            {%- for spalte, typ in spalten.items() if typ != 'text' %},
            {{ erp_value(spalte, typ) }} as {{ spalte }}__wert
            {%- endfor %}
        from cleaned
    )

    select
        _zeile,
        {% for spalte, typ in spalten.items() -%}
        {{ spalte if typ == 'text' else spalte ~ '__wert as ' ~ spalte }},
        {% endfor -%}
        {{ unreadable_values(spalten) }} as _maengel
    from parsed
{%- endmacro %}
