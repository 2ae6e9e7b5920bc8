{% macro says_anonymised(name) -%}
    coalesce(starts_with(lower({{ name }}), 'anonym'), false)
{%- endmacro %}
