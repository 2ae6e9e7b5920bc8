{% macro in_mandanten(partner, table=none) -%}
    {%- set mandanten = partner_settings(partner).mandanten -%}
    {%- set erp = var('quelle_erp', 'wodis_sigma') -%}
    {%- if mandanten != 'alle' and erp in erps_with('mandanten', 'alle') -%}
        {{- setting_error(
            'partners.' ~ partner ~ '.mandanten',
            mandanten,
            'the word alle alone, as ' ~ erp ~ ' itself releases Mandanten (E1)'
        ) -}}
    {%- endif -%}
    {%- set column = (table ~ '.' if table else '') ~ 'mandant_nr' -%}
    {%- if mandanten == 'alle' -%}
        {{ column }} is not null
    {%- else -%}
        {{ column }} in ({% for mandant in mandanten -%}
            '{{ mandant | replace("'", "''") }}'{{ ', ' if not loop.last }}
        {%- endfor %})
    {%- endif -%}
{%- endmacro %}
