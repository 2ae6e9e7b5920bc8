{% macro datum(expr) -%}
    {#- Any year but 0000, which DuckDB would take for 1 BC. -#}
    {%- set jahr = '(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])' -%}
    nullif(
        case
            when regexp_full_match({{ expr }}, '{{ jahr }}-[0-9]{2}-[0-9]{2}') then try_cast({{ expr }} as date)
            when regexp_full_match({{ expr }}, '[0-9]{2}\.[0-9]{2}\.{{ jahr }}')
                then cast(try_strptime({{ expr }}, '%d.%m.%Y') as date)
            when regexp_full_match({{ expr }}, '{{ jahr }}[0-9]{4}')
                then cast(try_strptime({{ expr }}, '%Y%m%d') as date)
        end,
        date '9999-12-31'
    )
{%- endmacro %}
