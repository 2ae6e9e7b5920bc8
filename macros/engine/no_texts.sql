{#- NULL in the place of a list of texts. -#}
{% macro no_texts() -%}
    {{ (default__no_texts if target.type == 'duckdb' else adapter.dispatch('no_texts', 'stammdaten'))() }}
{%- endmacro %}


{% macro default__no_texts() -%}
    cast(null as string[])
{%- endmacro %}


{% macro spark__no_texts() -%}
    cast(null as array<string>)
{%- endmacro %}
