{#- Whether a word stands in a text by itself, between whatever is no letter and no digit; both are SQL. -#}
{% macro has_word(text, word) -%}
    {{ (default__has_word if target.type == 'duckdb' else adapter.dispatch('has_word', 'stammdaten'))(text, word) }}
{%- endmacro %}


{% macro default__has_word(text, word) -%}
    regexp_matches({{ text }}, '(^|[^\pL\pN])' || regexp_escape({{ word }}) || '($|[^\pL\pN])')
{%- endmacro %}


{#- Between \Q and \E Java takes a text as it stands. -#}
{% macro spark__has_word(text, word) -%}
    regexp_like({{ text }}, '(^|[^\pL\pN])\Q' || replace({{ word }}, '\E', '\E\\E\Q') || '\E(\z|[^\pL\pN])')
{%- endmacro %}
