{#- A list of these values, on every engine: a text of SQL, or the body of the call. -#}
{% macro list_of(values=none) -%}
    {{ (default__list_of if target.type == 'duckdb' else adapter.dispatch('list_of', 'stammdaten'))(caller() if values is none else values) }}
{%- endmacro %}


{% macro default__list_of(values) -%}
    [{{ values }}]
{%- endmacro %}


{% macro spark__list_of(values) -%}
    array({{ values }})
{%- endmacro %}
