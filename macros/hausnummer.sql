{% macro hausnummer(table=none) -%}
    {%- set prefix = table ~ '.' if table else '' -%}
    nullif(concat({{ prefix }}hausnummer, {{ prefix }}hausnummer_zusatz), '')
{%- endmacro %}
