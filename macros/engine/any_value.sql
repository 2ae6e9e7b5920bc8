{#- One of the values of a group that are not NULL, for groups in which all others are the same. -#}
{% macro any_value(value) -%}
    {{ (default__any_value if target.type == 'duckdb' else adapter.dispatch('any_value', 'stammdaten'))(value) }}
{%- endmacro %}


{% macro default__any_value(value) -%}
    any_value({{ value }})
{%- endmacro %}


{#- Without the second argument, Spark takes a NULL for a value. -#}
{% macro spark__any_value(value) -%}
    any_value({{ value }}, true)
{%- endmacro %}
