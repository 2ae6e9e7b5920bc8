{% macro says_anonymised(name) -%}
    coalesce(left({{ lower_case(name) }}, 6) = 'anonym', false)
{%- endmacro %}
