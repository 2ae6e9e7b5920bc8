{% macro is_no_date(expr) -%}
    regexp_matches({{ expr }}, '^(00000000|9999-12-31|31\.12\.9999|99991231)')
{%- endmacro %}
