{#- A text with all parts of a form replaced; \1 in the replacement is the first group. `made` is SQL in the place of a
    replacement: what is no text of one line, since a macro may be indented. -#}
{% macro replace_matches(text, pattern, replacement=none, made=none) -%}
    {{ (default__replace_matches if target.type == 'duckdb' else adapter.dispatch('replace_matches', 'stammdaten'))(text, pattern, replacement, made) }}
{%- endmacro %}


{% macro default__replace_matches(text, pattern, replacement, made) -%}
    regexp_replace({{ text }}, '{{ pattern }}', {{ made or "'" ~ replacement ~ "'" }}, 'g')
{%- endmacro %}


{% macro spark__replace_matches(text, pattern, replacement, made) -%}
    regexp_replace({{ text }}, '{{ java_pattern(pattern) }}', {{ made or "'" ~ java_replacement(replacement) ~ "'" }})
{%- endmacro %}


{#- A text with the first part of a form replaced. -#}
{% macro replace_first_match(text, pattern, replacement) -%}
    {{ (default__replace_first_match if target.type == 'duckdb' else adapter.dispatch('replace_first_match', 'stammdaten'))(text, pattern, replacement) }}
{%- endmacro %}


{% macro default__replace_first_match(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}')
{%- endmacro %}


{#- Spark replaces all. So what stands before the first is taken along, as a group of its own. -#}
{% macro spark__replace_first_match(text, pattern, replacement) -%}
    regexp_replace(
        {{ text }},
        '{{ java_pattern('\\A((?s:.*?))(?:' ~ pattern ~ ')') }}',
        '$1{{ java_replacement(replacement, shift=1) }}'
    )
{%- endmacro %}
