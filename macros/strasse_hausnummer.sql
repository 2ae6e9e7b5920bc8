{% macro strasse_hausnummer(table=none) -%}
    nullif(concat_ws(' ', {{ table ~ '.' if table else '' }}strasse, {{ hausnummer(table) }}), '')
{%- endmacro %}
