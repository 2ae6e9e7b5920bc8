{% macro nobody_left_findings(partner, table_name, origin, level) -%}
select distinct
    'I5' as rule,
    '{{ table_name }}' as table_name,
    concat_ws('/', {{ record_key(level, table='betroffene') | join(', ') }}) as key,
    'person_nr' as column_name,
    cast(null as string) as value,
    '{{ partner }}' as partner,
    'no person is left: each number contains the separator '
    || '{{ partner_settings(partner).separator }} of {{ partner }}' as reason
from {{ ref(origin) }} as betroffene
where
    {{ sendable(partner, level, table='betroffene') }}  -- E1, I5
    and {{ key_conflict(partner, 'person', table='betroffene') }}  -- I5
    {%- if origin == 'int_mieter' and needs_email(partner) %}
    and betroffene.email is not null  -- E2: reported for all partners alike
    {%- endif %}
    and not exists (
        select 1
        from {{ ref(origin) }} as andere
        where
            {{ same_key(level, 'andere', 'betroffene') }}
            and not {{ key_conflict(partner, 'person', table='andere') }}
            {%- if origin == 'int_mieter' and needs_email(partner) %}
            and andere.email is not null
            {%- endif %}
    )
{%- endmacro %}
