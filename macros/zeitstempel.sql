{% macro zeitstempel(expr) -%}
    {%- set jahr = '(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])' -%}
    {%- set zeit = '([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?)?' -%}
    {%- set zone = ' ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)' -%}
    case
        when {{ is_no_date(expr) }} then null
        when regexp_full_match({{ expr }}, '{{ jahr }}-[0-9]{2}-[0-9]{2}{{ zeit }}')
            then try_cast({{ expr }} as timestamp)
        when regexp_full_match({{ expr }}, '{{ jahr }}-[0-9]{2}-[0-9]{2}{{ zeit }}{{ zone }}')
            then make_timestamp(epoch_us(try_cast({{ expr }} as timestamptz)))
        when regexp_full_match({{ expr }}, '[0-9]{2}[.][0-9]{2}[.]{{ jahr }}{{ zeit }}')
            then try_cast(regexp_replace({{ expr }}, '^(..)[.](..)[.](....)', '\3-\2-\1') as timestamp)
        when regexp_full_match({{ expr }}, '{{ jahr }}[0-9]{4}{{ zeit }}')
            then try_cast(regexp_replace({{ expr }}, '^(....)(..)(..)', '\1-\2-\3') as timestamp)
        when regexp_full_match({{ expr }}, '{{ jahr }}[0-9]{4}[T ]?[0-9]{6}')
            then try_strptime(regexp_replace({{ expr }}, '[T ]', ''), '%Y%m%d%H%M%S')
    end
{%- endmacro %}
