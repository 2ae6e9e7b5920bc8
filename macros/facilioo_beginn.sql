{% macro facilioo_beginn(datum) -%}
    cast({{ datum }} as string) || 'T00:00:00' || {{ berlin_offset(datum, 'first') }}
{%- endmacro %}
