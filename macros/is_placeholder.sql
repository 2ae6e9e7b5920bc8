{% macro is_placeholder(name) -%}
    lower({{ name }}) in (select lower(platzhalter.name) from {{ ref('platzhalter') }} as platzhalter)
{%- endmacro %}
