{#- The texts of a group with a separator between them, in this order. -#}
{% macro ordered_text(value, separator, order_by) -%}
    {{ (default__ordered_text if target.type == 'duckdb' else adapter.dispatch('ordered_text', 'stammdaten'))(value, separator, order_by) }}
{%- endmacro %}


{% macro default__ordered_text(value, separator, order_by) -%}
    string_agg({{ value }}, '{{ separator }}' order by {{ order_by }})
{%- endmacro %}


{% macro spark__ordered_text(value, separator, order_by) -%}
    listagg({{ value }}, '{{ separator }}') within group (order by {{ order_by }} asc nulls last)
{%- endmacro %}
