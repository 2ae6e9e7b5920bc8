{% macro clean_erp_table(table_name, columns, with_damage=false) -%}
    {%- set erp = 'coalesce(quelle_erp, ' ~ quelle_erp() ~ ')' -%}
    {%- set read_columns = columns if 'quelle_erp' in columns else columns + ['quelle_erp'] -%}
    with

    looked_at as (
        select
            _zeile,
            {% for column in read_columns -%}
            {{ column }},
            coalesce({{ is_plain_text(column, is_key_column(column)) }}, true) as {{ column }}__plain
            {{- ',' if not loop.last }}
            {% endfor -%}
        from {{ source('erp_raw', table_name) }}
    ),

    cleaned as (
        select
            _zeile,
            {% for column in read_columns -%}
            case
                when {{ column }}__plain then nullif({{ column }}, '')
                else {{ clean_odd_text(column, is_key_column(column)) }}
            end as {{ column }}{{ ',' if not loop.last or with_damage }}
            {% endfor -%}
            {%- if with_damage -%}
            {%- set odd -%}
                {% for column in read_columns -%}
                case when not {{ column }}__plain then {% call struct() %}
                    'column_name': '{{ column }}',
                    'value': {{ column }},
                    'is_key': {{ is_key_column(column) | lower }}
                {% endcall %} end{{ ',' if not loop.last }}
                {% endfor -%}
            {%- endset -%}
            case
                when not ({% for column in read_columns %}{{ column }}__plain{{ ' and ' if not loop.last }}{% endfor %})
                    then {{ list_filter(
                        list_transform(list_of(odd), 'text', damage_of('text')), 'schaden', 'schaden.reason is not null'
                    ) }}
            end as _schaeden
            {%- endif %}
        from looked_at
    )

    select
        _zeile,
        {{ erp }} as quelle_erp
        {%- for column in columns if column != 'quelle_erp' %},
        {% set value = column if column in name_columns() else 'nullif(' ~ column ~ ", 'NULL')" -%}
        {% if erps_with('parts_absent', column) -%}
        case when not {{ is_erp(erp, erps_with('parts_absent', column)) }} then {{ value }} end as {{ column }}
        {%- else -%}
        {{ value }} as {{ column }}
        {%- endif -%}
        {%- endfor %}
        {{- ',\n        _schaeden' if with_damage }}
    from cleaned
    {{ not_forgotten(columns) }}
{%- endmacro %}


{#- Columns whose values are parts of keys: numbers that people in the company use. -#}
{% macro is_key_column(column) %}
    {% do return(column.endswith('_nr')) %}
{% endmacro %}


{#- Columns in which somebody may be called NULL. -#}
{% macro name_columns() %}
    {% do return(['vorname', 'nachname', 'geburtsname', 'firma1', 'firma2']) %}
{% endmacro %}


{#- C8: the finding of a text (column_name, value, is_key), with an empty reason where nothing is wrong. -#}
{% macro damage_of(text) -%}
    {% call struct() %}
        'rule': 'C8',
        'column_name': {{ text }}.column_name,
        'value': {{ text }}.value,
        'reason': {{ damaged_text(text ~ '.value', text ~ '.is_key') }}
    {% endcall %}
{%- endmacro %}
