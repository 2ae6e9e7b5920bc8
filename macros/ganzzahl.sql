{% macro ganzzahl(expr, size='integer') -%}
    {#- 4,0 and 4.0 are whole (spreadsheets write them), 4,5 is not: it must not be rounded. -#}
    cast(try_cast({{ extract_match(expr, '^([+-]?[0-9]+)([.,]0+)?$', 1) }} as {{ size }}) as bigint)
{%- endmacro %}
