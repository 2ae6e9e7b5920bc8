{#- A day that is written as 31.12.2024 or 20241231, with all digits; NULL where there is no such day. -#}
{% macro date_of_german(text) -%}
    {{ (default__date_of_german if target.type == 'duckdb' else adapter.dispatch('date_of_german', 'stammdaten'))(text) }}
{%- endmacro %}


{% macro default__date_of_german(text) -%}
    cast(try_strptime({{ text }}, '%d.%m.%Y') as date)
{%- endmacro %}


{% macro spark__date_of_german(text) -%}
    try_cast(concat_ws('-', substr({{ text }}, 7, 4), substr({{ text }}, 4, 2), left({{ text }}, 2)) as date)
{%- endmacro %}


{% macro date_of_digits(text) -%}
    {{ (default__date_of_digits if target.type == 'duckdb' else adapter.dispatch('date_of_digits', 'stammdaten'))(text) }}
{%- endmacro %}


{% macro default__date_of_digits(text) -%}
    cast(try_strptime({{ text }}, '%Y%m%d') as date)
{%- endmacro %}


{% macro spark__date_of_digits(text) -%}
    try_cast(concat_ws('-', left({{ text }}, 4), substr({{ text }}, 5, 2), substr({{ text }}, 7, 2)) as date)
{%- endmacro %}
