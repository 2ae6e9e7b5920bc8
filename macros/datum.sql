{% macro datum(expr, geburtsdatum=false) -%}
    {#- Most dates are written in one of these ways, in a year in which no empty date lies. -#}
    {%- set year = '(?:2[0-9]{3}|19[1-9][0-9])' -%}
    {%- set midnight = '(?:[T ]00:00(?::00(?:[.,]0{1,9})?)?)?' -%}
    case
        when {{ full_match(expr, year ~ '-[0-9]{2}-[0-9]{2}' ~ midnight) }}
            then try_cast(left({{ expr }}, 10) as date)
        when {{ full_match(expr, '[0-9]{2}[.][0-9]{2}[.]' ~ year ~ midnight) }}
            then {{ date_of_german('left(' ~ expr ~ ', 10)') }}
        when {{ full_match(expr, year ~ '[0-9]{4}') }}
            then {{ date_of_digits(expr) }}
        when {{ expr }} in ('00000000', '9999-12-31', '31.12.9999', '99991231') then null
        when {{ expr }} is not null
            then {{ let(
                'tag',
                zeitpunkt(expr),
                'case when not ' ~ is_empty_date('tag', geburtsdatum) ~ ' then cast(tag as date) end',
            ) }}
    end
{%- endmacro %}
