{#- Rows of `<partner>__departures`. `entities`: entity → level of `int_departures` that its ids name. -#}
{% macro departures(partner, entities) -%}
    {% for entity, level in entities.items() -%}
    select
        '{{ entity }}' as entity,
        {{ composite_id(partner, contract_of(level), level in ('mieter', 'eigentuemer')) }} as external_id,
        is_gone,
        begins_on,
        ends_on
    from {{ ref('int_departures') }}
    where level = '{{ level }}'
    {{ 'union all' if not loop.last }}
    {% endfor -%}
{%- endmacro %}
