{% macro facilioo_ende(datum) -%}
    strftime({{ datum }}, '%Y-%m-%dT23:59:59') || {{ berlin_offset(datum, 'last') }}
{%- endmacro %}
