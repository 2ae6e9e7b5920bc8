{% macro composite_id(partner, level, person=false, table=none) -%}
    {%- set separator = "'" ~ partner_settings(partner).separator ~ "'" -%}
    {%- set key = record_key(level, table=table) -%}
    {%- set own_number = ("'E' || " if level == 'eigentuemervertrag' else '') ~ key[-1] -%}
    {%- set parts = [own_number] -%}
    {%- if key | length > 1 -%}
        {# concat_ws skips the level an ERP does not have (I3); || makes an id without its own number NULL. #}
        {%- set parts = ['concat_ws(' ~ separator ~ ', ' ~ key[:-1] | join(', ') ~ ')', own_number] -%}
    {%- endif -%}
    {%- if person -%}
        {%- do parts.append(record_key('person', table=table)[0]) -%}
    {%- endif -%}
    {{ parts | join(' || ' ~ separator ~ ' || ') }}
{%- endmacro %}
