{% macro white_space() -%}
    [\t-\r\x1c-\x20\x{85}\p{Z}]
{%- endmacro %}
