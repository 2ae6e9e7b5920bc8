{#- The n-th value of a list, the first is 1; NULL where the list is shorter. -#}
{% macro list_element(values, place) -%}
    {{ (default__list_element if target.type == 'duckdb' else adapter.dispatch('list_element', 'stammdaten'))(values, place) }}
{%- endmacro %}


{% macro default__list_element(values, place) -%}
    {{ values }}[{{ place }}]
{%- endmacro %}


{% macro spark__list_element(values, place) -%}
    get({{ values }}, {{ place - 1 }})
{%- endmacro %}
