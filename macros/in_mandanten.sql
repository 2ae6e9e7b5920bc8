{% macro in_mandanten(partner, table=none) -%}
    {%- set mandanten = partner_settings(partner).mandanten -%}
    {%- set column = (table ~ '.' if table else '') ~ 'mandant_nr' -%}
    {%- if mandanten == 'alle' -%}
        {{ column }} is not null
    {%- else -%}
        {{ column }} in ({% for mandant in mandanten -%}
            '{{ mandant | replace("'", "''") }}'{{ ', ' if not loop.last }}
        {%- endfor %})
    {%- endif -%}
{%- endmacro %}
