{#- What a row is ranked by, for arg_min and arg_max: the first value that differs decides, and NULL comes last. -#}
{% macro rank_of(values) -%}
    {{ (default__rank_of if target.type == 'duckdb' else adapter.dispatch('rank_of', 'stammdaten'))(values) }}
{%- endmacro %}


{% macro default__rank_of(values) -%}
    row({{ values | join(', ') }})
{%- endmacro %}


{#- Spark puts NULL first, so whether a value is NULL stands before it. -#}
{% macro spark__rank_of(values) -%}
    struct({% for value in values %}isnull({{ value }}), {{ value }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}
