{#- Whether a part of a text has a form. -#}
{% macro matches(text, pattern) -%}
    {{ (default__matches if target.type == 'duckdb' else adapter.dispatch('matches', 'stammdaten'))(text, pattern) }}
{%- endmacro %}


{% macro default__matches(text, pattern) -%}
    regexp_matches({{ text }}, '{{ pattern }}')
{%- endmacro %}


{% macro spark__matches(text, pattern) -%}
    regexp_like({{ text }}, '{{ java_pattern(pattern) }}')
{%- endmacro %}
