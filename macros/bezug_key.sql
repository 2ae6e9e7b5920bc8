{#- What `dokument.bezug_key` says of a row of this level: its numbers joined with /, as in I2; a level that the ERP does
    not have is left out (I3). `missing` stands for a number that is missing (C7). -#}
{% macro bezug_key(level, table=none, missing=none) -%}
    {%- set before = table ~ '.' if table else '' -%}
    {%- set key = key_columns(level) -%}
    concat_ws(
        '/'
        {%- for column in key %},
        {%- set number = ("'E' || " if column == 'ev_nr' else '') ~ before ~ column %}
        {%- if missing %}
        {%- set lacking = erps_without(column, key) %}
        coalesce({{ number }}, {{
            'case when not ' ~ is_erp(before ~ 'quelle_erp', lacking) ~ ' then ' if lacking
        }}'{{ missing }}'{{ ' end' if lacking }})
        {%- else %}
        {{ number }}
        {%- endif %}
        {%- endfor %}
    )
{%- endmacro %}
