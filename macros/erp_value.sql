{% macro erp_value(column, type) -%}
    {%- if type == 'datum' -%} {{ datum(column, geburtsdatum=column == 'geburtsdatum') }}
    {%- elif type == 'zeitstempel' -%} {{ zeitstempel(column) }}
    {%- elif type in ('wahrheitswert', 'sperre') -%} {{ wahrheitswert(column) }}
    {%- elif type == 'jahr' -%} {{ jahr(column) }}
    {%- elif type == 'ganzzahl' -%} {{ ganzzahl(column) }}
    {%- elif type == 'ganzzahl(bigint)' -%} {{ ganzzahl(column, 'bigint') }}
    {%- elif type.startswith('dezimalzahl') -%} {{ dezimalzahl(column, type[12:-1]) }}
    {%- else -%} woerter_{{ column }}.bedeutung
    {%- endif -%}
{%- endmacro %}
