{#- A name as far as iDWELL takes it: letters, blanks and _ & ; / . + - ( ), at most 70 characters; NULL if nothing is left. -#}
{% macro idwell_name(expr) -%}
    nullif(
        trim(left(trim({{ replace_matches(expr, '[^\\p{L}_&;/.+()-]+', ' ') }}), 70)),
        ''
    )
{%- endmacro %}
