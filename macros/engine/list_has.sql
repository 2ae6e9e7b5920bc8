{#- Whether a condition holds for a value of a list; false of a list that is NULL. -#}
{% macro list_has(values, name, condition) -%}
    {{ (default__list_has if target.type == 'duckdb' else adapter.dispatch('list_has', 'stammdaten'))(values, name, condition) }}
{%- endmacro %}


{% macro default__list_has(values, name, condition) -%}
    coalesce(list_any_value({{ list_transform(list_filter(values, name, condition), name, 'true') }}), false)
{%- endmacro %}


{% macro spark__list_has(values, name, condition) -%}
    coalesce(exists({{ values }}, {{ name }} -> {{ condition }}), false)
{%- endmacro %}
