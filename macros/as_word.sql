{% macro as_word(expr) -%}
    lower(regexp_replace({{ expr }}, '{{ white_space() }}', '', 'g'))
{%- endmacro %}
