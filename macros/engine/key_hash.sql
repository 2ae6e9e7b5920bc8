{#- A number made of a key: equal keys have equal numbers, NULL included. It only narrows down which keys may be equal. -#}
{% macro key_hash(columns) -%}
    {{ (default__key_hash if target.type == 'duckdb' else adapter.dispatch('key_hash', 'stammdaten'))(columns) }}
{%- endmacro %}


{% macro default__key_hash(columns) -%}
    hash({{ columns | join(', ') }})
{%- endmacro %}


{% macro spark__key_hash(columns) -%}
    xxhash64({{ columns | join(', ') }})
{%- endmacro %}
