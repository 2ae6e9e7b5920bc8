{#- SHA-256 of a text, as 64 small hexadecimal digits. -#}
{% macro sha256_of(text) -%}
    {{ (default__sha256_of if target.type == 'duckdb' else adapter.dispatch('sha256_of', 'stammdaten'))(text) }}
{%- endmacro %}


{% macro default__sha256_of(text) -%}
    sha256({{ text }})
{%- endmacro %}


{% macro spark__sha256_of(text) -%}
    sha2({{ text }}, 256)
{%- endmacro %}
