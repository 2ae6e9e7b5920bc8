{% macro erp_key_text(spalten, tabelle=none) -%}
    {%- set vor = tabelle ~ '.' if tabelle else '' -%}
    concat_ws(
        '/'
        {%- for spalte in spalten %},
        {%- set ohne = erps_without(spalte, spalten) %}
        {%- if ohne %}
        case when {{ is_erp(vor ~ 'quelle_erp', ohne) }} then {{ vor }}{{ spalte }} else coalesce({{ vor }}{{ spalte }}, '') end
        {%- else %}
        coalesce(cast({{ vor }}{{ spalte }} as varchar), '')
        {%- endif -%}
        {%- endfor %}
    )
{%- endmacro %}
