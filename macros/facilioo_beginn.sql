{% macro facilioo_beginn(datum) -%}
    strftime({{ datum }}, '%Y-%m-%dT00:00:00Z')
{%- endmacro %}
