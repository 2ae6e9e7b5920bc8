{% macro as_word(expr) -%}
    {{ lower_case(replace_matches(expr, white_space(), '')) }}
{%- endmacro %}
