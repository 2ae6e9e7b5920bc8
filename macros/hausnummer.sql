{% macro hausnummer(table=none) -%}
    {%- set prefix = table ~ '.' if table else '' -%}
    nullif(concat_ws('', {{ prefix }}hausnummer, {{ prefix }}hausnummer_zusatz), '')
{%- endmacro %}
