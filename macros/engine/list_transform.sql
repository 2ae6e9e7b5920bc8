{#- A list of what SQL makes of each value of a list; in it a value has this name. -#}
{% macro list_transform(values, name, made) -%}
    {{ (default__list_transform if target.type == 'duckdb' else adapter.dispatch('list_transform', 'stammdaten'))(values, name, made) }}
{%- endmacro %}


{% macro default__list_transform(values, name, made) -%}
    list_transform({{ values }}, lambda {{ name }}: {{ made }})
{%- endmacro %}


{% macro spark__list_transform(values, name, made) -%}
    transform({{ values }}, {{ name }} -> {{ made }})
{%- endmacro %}


{#- What SQL makes of one value, which is written once and read by name. -#}
{% macro let(name, value, made) -%}
    {{ list_element(list_transform(list_of(value), name, made), 1) }}
{%- endmacro %}
