{#- The values of a group as a list in an order that is the same on every engine, NULL last. `order_by` is what `rank_of`
    takes; `distinct`: each value once, ordered by itself. `where`: only rows
    for which this holds; NULL where there is none. -#}
{% macro ordered_list(value, order_by=none, distinct=false, where=none) -%}
    {{ (default__ordered_list if target.type == 'duckdb' else adapter.dispatch('ordered_list', 'stammdaten'))(value, order_by or [value], distinct, where) }}
{%- endmacro %}


{% macro default__ordered_list(value, order_by, distinct, where) -%}
    list({{ 'distinct ' if distinct }}{{ value }} order by {{ order_by | join(', ') }}){{ ' filter (where ' ~ where ~ ')' if where }}
{%- endmacro %}


{#- collect_list and collect_set have no order of their own, and leave NULL out. -#}
{% macro spark__ordered_list(value, order_by, distinct, where) -%}
    {%- set collected -%}
        {{ 'collect_set' if distinct else 'collect_list' }}(struct({{ rank_of(order_by) }} as place, {{ value }} as value))
        {{- ' filter (where ' ~ where ~ ')' if where }}
    {%- endset -%}
    {%- set values = 'transform(array_sort(' ~ collected ~ '), one -> one.value)' -%}
    {{ 'nullif(' ~ values ~ ', array())' if where else values }}
{%- endmacro %}
