{#- Rows of `int_departures` out of a relation that has the key columns of the level; the rest is SQL on it. -#}
{% macro departure_rows(level, relation, is_gone, begins_on='cast(null as date)', ends_on='cast(null as date)') -%}
select
    '{{ level }}' as level,
    {%- for column in key_columns('verwaltungseinheit') + ['mv_nr', 'ev_nr', 'person_nr'] %}
    {{ column if column in doubt_levels()[level] else 'cast(null as string) as ' ~ column }},
    {%- endfor %}
    {{ is_gone }} as is_gone,
    {{ begins_on }} as begins_on,
    {{ ends_on }} as ends_on
from {{ relation }}
{%- endmacro %}
