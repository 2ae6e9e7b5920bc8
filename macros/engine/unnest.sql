{#- A row for each value of a list, none of a list that is empty or NULL; at most once in a select. -#}
{% macro unnest(values) -%}
    {{ (default__unnest if target.type == 'duckdb' else adapter.dispatch('unnest', 'stammdaten'))(values) }}
{%- endmacro %}


{% macro default__unnest(values) -%}
    unnest({{ values }})
{%- endmacro %}


{% macro spark__unnest(values) -%}
    explode({{ values }})
{%- endmacro %}
