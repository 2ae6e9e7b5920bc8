{#- A moment as 2024-12-31T23:59:59. -#}
{% macro iso_text(moment) -%}
    {{ (default__iso_text if target.type == 'duckdb' else adapter.dispatch('iso_text', 'stammdaten'))(moment) }}
{%- endmacro %}


{% macro default__iso_text(moment) -%}
    strftime({{ moment }}, '%Y-%m-%dT%H:%M:%S')
{%- endmacro %}


{% macro spark__iso_text(moment) -%}
    date_format({{ moment }}, 'yyyy-MM-dd''T''HH:mm:ss')
{%- endmacro %}
