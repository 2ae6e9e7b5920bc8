{% macro clean_text(expr) -%}
    {#- Most values begin and end with a printable ASCII character and need no dear look at their ends. -#}
    case
        when {{ expr }} between '!' and '~' and {{ expr }}[-1] between '!' and '~'
            then nfc_normalize({{ expr }})
        else nullif(
            regexp_replace(
                nfc_normalize({{ expr }}), '^{{ white_space() }}+|{{ white_space() }}+$', '', 'g'
            ),
            ''
        )
    end
{%- endmacro %}
