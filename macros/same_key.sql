{% macro same_key(level, left, right) -%}
    {%- for column in key_columns(level) -%}
        {# UTS KARTHAGO has no WE: there both numbers are NULL. #}
        {%- set equals = 'is not distinct from' if column == 'we_nr' else '=' -%}
        {{ left }}.{{ column }} {{ equals }} {{ right }}.{{ column }}
        {%- if not loop.last %} and {% endif -%}
    {%- endfor -%}
{%- endmacro %}
