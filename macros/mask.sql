{% macro mask(expr) -%}
    regexp_replace(regexp_replace({{ expr }}, '\p{L}', 'x', 'g'), '\p{N}', '9', 'g')
{%- endmacro %}
