{% macro id_konflikt_findings(partner, tabelle, relation, level, id, person=false) -%}
select distinct
    'I6' as regel,
    '{{ tabelle }}' as tabelle,
    concat_ws('/', {{ record_key(level, person, table=relation) | join(', ') }}) as schluessel,
    '{{ key_columns(level)[-1] }}' as spalte,
    {{ relation }}.{{ key_columns(level)[-1] }} as wert,
    '{{ partner }}' as partner,
    'a lease and an owner contract arrive at the same id ' || {{ relation }}.{{ id }} as grund
from {{ relation }}
where not {{ has_own_id(partner, relation ~ '.' ~ id) }}  -- I6
{%- endmacro %}
