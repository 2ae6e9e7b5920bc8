{#- How many days a day lies after the last Sunday, 0 for a Sunday. -#}
{% macro days_since_sunday(day) -%}
    {{ (default__days_since_sunday if target.type == 'duckdb' else adapter.dispatch('days_since_sunday', 'stammdaten'))(day) }}
{%- endmacro %}


{% macro default__days_since_sunday(day) -%}
    cast(dayofweek({{ day }}) as integer)
{%- endmacro %}


{% macro spark__days_since_sunday(day) -%}
    (dayofweek({{ day }}) - 1)
{%- endmacro %}
