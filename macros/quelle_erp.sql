{% macro quelle_erp() -%}
    {%- set erlaubt = [
        'wodis_sigma', 'wodis_yuneo', 'gap_immotion', 'relion', 'sap_blue_eagle', 'uts_karthago'
    ] -%}
    {%- set wert = var('quelle_erp', 'wodis_sigma') -%}
    {%- if wert not in erlaubt -%}
        {{- exceptions.raise_compiler_error(
            "quelle_erp: '" ~ wert ~ "' is unknown; allowed: " ~ erlaubt | join(', ')
            ~ "; set in dbt_project.yml or --vars"
        ) -}}
    {%- endif -%}
    '{{ wert }}'
{%- endmacro %}
