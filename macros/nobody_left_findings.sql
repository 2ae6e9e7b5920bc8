{% macro nobody_left_findings(partner, tabelle, quelle, level) -%}
select distinct
    'I5' as rule,
    '{{ tabelle }}' as table_name,
    concat_ws('/', {{ record_key(level, table='betroffene') | join(', ') }}) as key,
    'person_nr' as column_name,
    cast(null as varchar) as value,
    '{{ partner }}' as partner,
    'no person is left: each number contains the separator '
    || '{{ partner_settings(partner).separator }} of {{ partner }}' as reason
from {{ ref(quelle) }} as betroffene
where
    {{ sendable(partner, level, table='betroffene') }}  -- E1, I5
    and {{ key_conflict(partner, 'person', table='betroffene') }}  -- I5
    {%- if quelle == 'int_mieter' and needs_email(partner) %}
    and betroffene.email is not null  -- E2: reported for all partners alike
    {%- endif %}
    and not exists (
        select 1
        from {{ ref(quelle) }} as andere
        where
            {{ same_key(level, 'andere', 'betroffene') }}
            and not {{ key_conflict(partner, 'person', table='andere') }}
            {%- if quelle == 'int_mieter' and needs_email(partner) %}
            and andere.email is not null
            {%- endif %}
    )
{%- endmacro %}
