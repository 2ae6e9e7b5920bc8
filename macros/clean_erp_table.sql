{% macro clean_erp_table(tabelle, spalten, with_damage=false) -%}
    {%- set erp = 'coalesce(quelle_erp, ' ~ quelle_erp() ~ ')' -%}
    {%- set columns = spalten if 'quelle_erp' in spalten else spalten + ['quelle_erp'] -%}
    with

    looked_at as (
        select
            _zeile,
            {% for spalte in columns -%}
            {{ spalte }},
            coalesce({{ is_plain_text(spalte, is_key_column(spalte)) }}, true) as {{ spalte }}__plain
            {{- ',' if not loop.last }}
            {% endfor -%}
        from {{ source('erp_raw', tabelle) }}
    ),

    cleaned as (
        select
            _zeile,
            {% for spalte in columns -%}
            case
                when {{ spalte }}__plain then nullif({{ spalte }}, '')
                else {{ clean_odd_text(spalte, is_key_column(spalte)) }}
            end as {{ spalte }}{{ ',' if not loop.last or with_damage }}
            {% endfor -%}
            {%- if with_damage -%}
            case
                when not ({% for spalte in columns %}{{ spalte }}__plain{{ ' and ' if not loop.last }}{% endfor %})
                    then list_filter(
                        list_transform(
                            [
                                {% for spalte in columns -%}
                                case when not {{ spalte }}__plain then {
                                    'column_name': '{{ spalte }}',
                                    'value': {{ spalte }},
                                    'is_key': {{ is_key_column(spalte) | lower }}
                                } end{{ ',' if not loop.last }}
                                {% endfor -%}
                            ],
                            lambda text: {{ damage_of('text') }}
                        ),
                        lambda schaden: schaden.reason is not null
                    )
            end as _schaeden
            {%- endif %}
        from looked_at
    )

    select
        _zeile,
        {{ erp }} as quelle_erp
        {%- for spalte in spalten if spalte != 'quelle_erp' %},
        {% set wert = spalte if spalte in name_columns() else 'nullif(' ~ spalte ~ ", 'NULL')" -%}
        {% if erps_with('parts_absent', spalte) -%}
        case when not {{ is_erp(erp, erps_with('parts_absent', spalte)) }} then {{ wert }} end as {{ spalte }}
        {%- else -%}
        {{ wert }} as {{ spalte }}
        {%- endif -%}
        {%- endfor %}
        {{- ',\n        _schaeden' if with_damage }}
    from cleaned
    {{ not_forgotten(spalten) }}
{%- endmacro %}


{#- Columns whose values are parts of keys: numbers that people in the company use. -#}
{% macro is_key_column(spalte) %}
    {% do return(spalte.endswith('_nr')) %}
{% endmacro %}


{#- Columns in which somebody may be called NULL. -#}
{% macro name_columns() %}
    {% do return(['vorname', 'nachname', 'geburtsname', 'firma1', 'firma2']) %}
{% endmacro %}


{#- C8: the finding of a text (spalte, wert, is_key), with an empty reason where nothing is wrong. -#}
{% macro damage_of(text) -%}
    {
        'rule': 'C8',
        'column_name': {{ text }}.column_name,
        'value': {{ text }}.value,
        'reason': {{ damaged_text(text ~ '.value', text ~ '.is_key') }}
    }
{%- endmacro %}
