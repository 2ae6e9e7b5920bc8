{% macro telefon_e164(expr) -%}
    {%- set without_signs = "regexp_replace(" ~ expr ~ ", '" ~ white_space() ~ "|[./–-]', '', 'g')" -%}
    {#- +49 (0)30, (+49) 30 and 0049 30 become +4930; what brackets are left mean nothing. -#}
    {%- set with_plus = "regexp_replace(" ~ without_signs ~ ", '^[(]?(?:[+]|00)([1-9][0-9]*)[)]?(?:[(]0[)])?', '+\\1')" -%}
    {%- set digits_only = "regexp_replace(" ~ with_plus ~ ", '[()]', '', 'g')" -%}
    {%- set with_country = "regexp_replace(" ~ digits_only ~ ", '^(?:[+]49)?0([1-9])', '+49\\1')" -%}
    {#- Most numbers have an area code, a blank and no more than digits; these need no dear look. -#}
    case
        when regexp_full_match({{ expr }}, '0[1-9][0-9]{1,4} ?[0-9]{3,8}')
            then '+49' || replace({{ expr }}[2:], ' ', '')
        else nullif(
            regexp_extract(
                {{ with_country }}, '^[+](?:49[1-9][0-9]{4,12}|(?:[1-35-9][0-9]|4[0-8])[0-9]{5,13})$'
            ),
            ''
        )
    end
{%- endmacro %}
