{#- Whether a moment is another one than the beginning of its day. -#}
{% macro has_time(moment) -%}
    {{ (default__has_time if target.type == 'duckdb' else adapter.dispatch('has_time', 'stammdaten'))(moment) }}
{%- endmacro %}


{% macro default__has_time(moment) -%}
    cast({{ moment }} as time) <> time '00:00'
{%- endmacro %}


{% macro spark__has_time(moment) -%}
    date_format({{ moment }}, 'HHmmssSSSSSS') <> '000000000000'
{%- endmacro %}
