{% macro vorname(table=none) -%}
    {%- set prefix = table ~ '.' if table else '' -%}
    case when not {{ prefix }}ist_firma then {{ prefix }}vorname end
{%- endmacro %}
