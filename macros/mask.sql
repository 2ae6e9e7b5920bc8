{% macro mask(expr) -%}
    {{ replace_matches(replace_matches(expr, '\\p{L}', 'x'), '\\p{N}', '9') }}
{%- endmacro %}
