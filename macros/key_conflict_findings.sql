{% macro key_conflict_findings(partner, table_name, origin, level, person=false) -%}
    {%- set separator = partner_settings(partner).separator -%}
    {%- set key = record_key(level, person) -%}
select
    'I5' as rule,
    '{{ table_name }}' as table_name,
    concat_ws('/', {{ key | join(', ') }}) as key,
    concat_ws(
        ', '{% for column in key %},
        case when contains({{ column }}, '{{ separator }}') then '{{ column }}' end
        {%- endfor %}
    ) as column_name,
    concat_ws(
        ', '{% for column in key %},
        case when contains({{ column }}, '{{ separator }}') then {{ column }} end
        {%- endfor %}
    ) as value,
    '{{ partner }}' as partner,
    concat_ws(
        ' ',
        'a number contains the separator {{ separator }} of {{ partner }}; safe for this row:'
        {%- for other in partner_separatoren() if other != separator %},
        case when not contains(concat_ws('', {{ key | join(', ') }}), '{{ other }}') then '{{ other }}' end
        {%- endfor %}
    ) as reason
from {{ ref(origin) }}
where
    {{ in_mandanten(partner) }}  -- E1
    and {{ key_conflict(partner, level, person) }}  -- I5
    {%- if origin == 'int_mieter' and needs_email(partner) %}
    and email is not null  -- E2: reported for all partners alike
    {%- endif %}
{%- endmacro %}
