{#- The parts of a text between all that has a form, as a list. -#}
{% macro split_text(text, pattern) -%}
    {{ (default__split_text if target.type == 'duckdb' else adapter.dispatch('split_text', 'stammdaten'))(text, pattern) }}
{%- endmacro %}


{% macro default__split_text(text, pattern) -%}
    string_split_regex({{ text }}, '{{ pattern }}')
{%- endmacro %}


{% macro spark__split_text(text, pattern) -%}
    split({{ text }}, '{{ java_pattern(pattern) }}')
{%- endmacro %}
