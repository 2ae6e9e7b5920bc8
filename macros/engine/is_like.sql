{#- Whether a text has the form of a pattern with % and _. -#}
{% macro is_like(text, pattern) -%}
    {{ (default__is_like if target.type == 'duckdb' else adapter.dispatch('is_like', 'stammdaten'))(text, pattern) }}
{%- endmacro %}


{% macro default__is_like(text, pattern) -%}
    {{ text }} like {{ pattern }}
{%- endmacro %}


{#- Spark takes a backslash for an escape; U+0001 stands in no number of the ERP (C8). -#}
{% macro spark__is_like(text, pattern) -%}
    {{ text }} like {{ pattern }} escape '{{ '\x01' }}'
{%- endmacro %}
