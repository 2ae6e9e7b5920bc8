{#- Whether all of a text has a form; the pattern is as RE2 reads it, without quotes around it. -#}
{% macro full_match(text, pattern) -%}
    {{ (default__full_match if target.type == 'duckdb' else adapter.dispatch('full_match', 'stammdaten'))(text, pattern) }}
{%- endmacro %}


{% macro default__full_match(text, pattern) -%}
    regexp_full_match({{ text }}, '{{ pattern }}')
{%- endmacro %}


{% macro spark__full_match(text, pattern) -%}
    regexp_like({{ text }}, '{{ java_pattern('\\A(?:' ~ pattern ~ ')\\z') }}')
{%- endmacro %}
