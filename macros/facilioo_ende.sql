{% macro facilioo_ende(datum) -%}
    strftime({{ datum }}, '%Y-%m-%dT23:59:59Z')
{%- endmacro %}
