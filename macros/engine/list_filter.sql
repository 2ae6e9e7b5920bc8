{#- The values of a list for which a condition holds; in the condition a value has this name. -#}
{% macro list_filter(values, name, condition) -%}
    {{ (default__list_filter if target.type == 'duckdb' else adapter.dispatch('list_filter', 'stammdaten'))(values, name, condition) }}
{%- endmacro %}


{% macro default__list_filter(values, name, condition) -%}
    list_filter({{ values }}, lambda {{ name }}: {{ condition }})
{%- endmacro %}


{% macro spark__list_filter(values, name, condition) -%}
    filter({{ values }}, {{ name }} -> {{ condition }})
{%- endmacro %}


{#- The values of a list but NULL: a text of SQL, or the body of the call. -#}
{% macro list_of_known(values=none) -%}
    {{ list_filter(list_of(caller() if values is none else values), 'known', 'known is not null') }}
{%- endmacro %}
