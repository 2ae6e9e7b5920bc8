{% macro telefon_e164(expr) -%}
    {%- set without_signs = replace_matches(expr, white_space() ~ '|[./–-]', '') -%}
    {#- +49 (0)30, (+49) 30 and 0049 30 become +4930; what brackets are left mean nothing. -#}
    {%- set with_plus = replace_first_match(without_signs, '^[(]?(?:[+]|00)([1-9][0-9]*)[)]?(?:[(]0[)])?', '+\\1') -%}
    {%- set digits_only = replace_matches(with_plus, '[()]', '') -%}
    {%- set with_country = replace_first_match(digits_only, '^(?:[+]49)?0([1-9])', '+49\\1') -%}
    {#- Most numbers have an area code, a blank and no more than digits; these need no dear look. -#}
    case
        when {{ full_match(expr, '0[1-9][0-9]{1,4} ?[0-9]{3,8}') }}
            then '+49' || replace(substr({{ expr }}, 2), ' ', '')
        else nullif(
            {{ extract_match(
                with_country, '^[+](?:49[1-9][0-9]{4,12}|(?:[1-35-9][0-9]|4[0-8])[0-9]{5,13})$'
            ) }},
            ''
        )
    end
{%- endmacro %}
