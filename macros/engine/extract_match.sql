{#- The first part of a text that has a form, or of it the group of this number; an empty text where there is none. -#}
{% macro extract_match(text, pattern, group=0) -%}
    {{ (default__extract_match if target.type == 'duckdb' else adapter.dispatch('extract_match', 'stammdaten'))(text, pattern, group) }}
{%- endmacro %}


{% macro default__extract_match(text, pattern, group) -%}
    regexp_extract({{ text }}, '{{ pattern }}'{{ ', ' ~ group if group }})
{%- endmacro %}


{#- Spark takes the first group where none is named. -#}
{% macro spark__extract_match(text, pattern, group) -%}
    regexp_extract({{ text }}, '{{ java_pattern(pattern) }}', {{ group }})
{%- endmacro %}
