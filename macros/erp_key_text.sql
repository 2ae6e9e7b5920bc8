{% macro erp_key_text(spalten, tabelle) -%}
    concat_ws(
        '/'
        {%- for spalte in spalten %},
        {%- if spalte.endswith('we_nr') %}
        case when {{ tabelle }}.quelle_erp <> 'uts_karthago' then coalesce({{ tabelle }}.{{ spalte }}, '') end
        {%- else %}
        coalesce(cast({{ tabelle }}.{{ spalte }} as varchar), '')
        {%- endif -%}
        {%- endfor %}
    )
{%- endmacro %}
