{#- Whether two lists have a value in common. -#}
{% macro lists_overlap(first, second) -%}
    {{ (default__lists_overlap if target.type == 'duckdb' else adapter.dispatch('lists_overlap', 'stammdaten'))(first, second) }}
{%- endmacro %}


{% macro default__lists_overlap(first, second) -%}
    list_has_any({{ first }}, {{ second }})
{%- endmacro %}


{% macro spark__lists_overlap(first, second) -%}
    arrays_overlap({{ first }}, {{ second }})
{%- endmacro %}
