{#- All columns of a query, or of one of its relations, but these. -#}
{% macro all_but(columns, of=none) -%}
    {{ (default__all_but if target.type == 'duckdb' else adapter.dispatch('all_but', 'stammdaten'))(columns, of ~ '.' if of else '') }}
{%- endmacro %}


{% macro default__all_but(columns, prefix) -%}
    {{ prefix }}* exclude ({{ columns | join(', ') }})
{%- endmacro %}


{% macro spark__all_but(columns, prefix) -%}
    {{ prefix }}* except ({{ columns | join(', ') }})
{%- endmacro %}
