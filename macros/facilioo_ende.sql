{% macro facilioo_ende(datum) -%}
    cast({{ datum }} as string) || 'T23:59:59' || {{ berlin_offset(datum, 'last') }}
{%- endmacro %}
