{% macro key_conflict(partner, level, person=false, table=none) -%}
    {%- set key = record_key(level, person, table) -%}
    contains(concat_ws('', {{ key | join(', ') }}), '{{ partner_settings(partner).separator }}')
{%- endmacro %}
