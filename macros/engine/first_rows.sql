{#- Of the rows of a relation that are equal in `by` the first, as a query. `order_by` is SQL with asc or desc, NULL last where it
    does not say otherwise. -#}
{% macro first_rows(relation, by, order_by, where=none) -%}
    {{ (default__first_rows if target.type == 'duckdb' else adapter.dispatch('first_rows', 'stammdaten'))(relation, by, order_by, where) }}
{%- endmacro %}


{% macro default__first_rows(relation, by, order_by, where) -%}
    select distinct on ({{ by | join(', ') }}) *
    from {{ relation }}
    {{ 'where ' ~ where if where }}
    order by {{ (by + order_by) | join(', ') }}
{%- endmacro %}


{% macro spark__first_rows(relation, by, order_by, where) -%}
    select *
    from {{ relation }}
    {{ 'where ' ~ where if where }}
    qualify row_number() over (
        partition by {{ by | join(', ') }}
        order by {% for one in order_by %}{{ one if ' nulls ' in one else one ~ ' nulls last' }}{{ ', ' if not loop.last }}{% endfor %}
    ) = 1
{%- endmacro %}
