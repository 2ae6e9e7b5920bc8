{% macro jahr(expr) -%}
    {#- Spreadsheets write 1978.0 or 1978,0, and some ERPs a date; two digits, um 1900 or a span are no year. -#}
    case
        when {{ full_match(expr, '[12][0-9]{3}([.,]0+)?') }} then cast(left({{ expr }}, 4) as integer)
        when year({{ datum(expr) }}) between 1000 and 2999 then cast(year({{ datum(expr) }}) as integer)
    end
{%- endmacro %}
