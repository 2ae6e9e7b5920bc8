{#- How many days after the first day the second is. -#}
{% macro days_between(first, second) -%}
    {{ (default__days_between if target.type == 'duckdb' else adapter.dispatch('days_between', 'stammdaten'))(first, second) }}
{%- endmacro %}


{% macro default__days_between(first, second) -%}
    date_diff('day', {{ first }}, {{ second }})
{%- endmacro %}


{% macro spark__days_between(first, second) -%}
    datediff({{ second }}, {{ first }})
{%- endmacro %}
