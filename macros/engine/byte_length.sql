{#- How many bytes a text has in UTF-8. -#}
{% macro byte_length(text) -%}
    {{ (default__byte_length if target.type == 'duckdb' else adapter.dispatch('byte_length', 'stammdaten'))(text) }}
{%- endmacro %}


{% macro default__byte_length(text) -%}
    strlen({{ text }})
{%- endmacro %}


{% macro spark__byte_length(text) -%}
    octet_length({{ text }})
{%- endmacro %}
