{% macro telefon_e164(expr) -%}
    {%- set ohne_zeichen = "regexp_replace(" ~ expr ~ ", '" ~ white_space() ~ "|[./–-]', '', 'g')" -%}
    {#- +49 (0)30, (+49) 30 and 0049 30 become +4930; what brackets are left mean nothing. -#}
    {%- set mit_plus = "regexp_replace(" ~ ohne_zeichen ~ ", '^[(]?(?:[+]|00)([1-9][0-9]*)[)]?(?:[(]0[)])?', '+\\1')" -%}
    {%- set ziffern = "regexp_replace(" ~ mit_plus ~ ", '[()]', '', 'g')" -%}
    {%- set mit_land = "regexp_replace(" ~ ziffern ~ ", '^(?:[+]49)?0([1-9])', '+49\\1')" -%}
    nullif(
        regexp_extract(
            {{ mit_land }}, '^[+](?:49[1-9][0-9]{4,12}|(?:[1-35-9][0-9]|4[0-8])[0-9]{5,13})$'
        ),
        ''
    )
{%- endmacro %}
