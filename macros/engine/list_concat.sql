{#- Two lists one after the other; one that is NULL counts as empty. -#}
{% macro list_concat(first, second) -%}
    {{ (default__list_concat if target.type == 'duckdb' else adapter.dispatch('list_concat', 'stammdaten'))(first, second) }}
{%- endmacro %}


{% macro default__list_concat(first, second) -%}
    list_concat({{ first }}, {{ second }})
{%- endmacro %}


{% macro spark__list_concat(first, second) -%}
    concat(coalesce({{ first }}, {{ list_of('') }}), coalesce({{ second }}, {{ list_of('') }}))
{%- endmacro %}
