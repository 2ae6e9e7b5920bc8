{% macro facilioo_beginn(datum) -%}
    strftime({{ datum }}, '%Y-%m-%dT00:00:00') || {{ berlin_offset(datum, 'first') }}
{%- endmacro %}
