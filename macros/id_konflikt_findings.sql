{% macro id_konflikt_findings(partner, table_name, relation, level, id, person=false) -%}
select distinct
    'I6' as rule,
    '{{ table_name }}' as table_name,
    concat_ws('/', {{ record_key(level, person, table=relation) | join(', ') }}) as key,
    '{{ key_columns(level)[-1] }}' as column_name,
    {{ relation }}.{{ key_columns(level)[-1] }} as value,
    '{{ partner }}' as partner,
    'a lease and an owner contract arrive at the same id ' || {{ relation }}.{{ id }} as reason
from {{ relation }}
where not {{ has_own_id(partner, relation ~ '.' ~ id) }}  -- I6
{%- endmacro %}
