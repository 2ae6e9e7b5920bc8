{#- The texts of a list with a separator between them, without those that are NULL; NULL of a list that is NULL. -#}
{% macro list_to_text(values, separator) -%}
    {{ (default__list_to_text if target.type == 'duckdb' else adapter.dispatch('list_to_text', 'stammdaten'))(values, separator) }}
{%- endmacro %}


{% macro default__list_to_text(values, separator) -%}
    array_to_string({{ values }}, '{{ separator }}')
{%- endmacro %}


{% macro spark__list_to_text(values, separator) -%}
    array_join({{ values }}, '{{ separator }}')
{%- endmacro %}
