{#- A list from its second value on. -#}
{% macro list_rest(values) -%}
    {{ (default__list_rest if target.type == 'duckdb' else adapter.dispatch('list_rest', 'stammdaten'))(values) }}
{%- endmacro %}


{% macro default__list_rest(values) -%}
    {{ values }}[2:]
{%- endmacro %}


{% macro spark__list_rest(values) -%}
    slice({{ values }}, 2, cardinality({{ values }}))
{%- endmacro %}
