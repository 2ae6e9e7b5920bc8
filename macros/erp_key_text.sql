{% macro erp_key_text(spalten, tabelle=none) -%}
    {%- set vor = tabelle ~ '.' if tabelle else '' -%}
    concat_ws(
        '/'
        {%- for spalte in spalten %},
        {%- if spalte.endswith('we_nr') %}
        case when {{ vor }}quelle_erp <> 'uts_karthago' then coalesce({{ vor }}{{ spalte }}, '') end
        {%- else %}
        coalesce(cast({{ vor }}{{ spalte }} as varchar), '')
        {%- endif -%}
        {%- endfor %}
    )
{%- endmacro %}
