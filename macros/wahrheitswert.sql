{% macro wahrheitswert(expr) -%}
    coalesce(lower({{ expr }}) in ('true', 'j', 'x', '1'), false)
{%- endmacro %}
