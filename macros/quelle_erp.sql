{% macro quelle_erp() -%}
    {%- set wert = var('quelle_erp', 'wodis_sigma') -%}
    {%- if wert not in erp_profiles() -%}
        {{- exceptions.raise_compiler_error(
            "quelle_erp: '" ~ wert ~ "' is unknown; allowed: " ~ erp_profiles() | join(', ')
            ~ "; set in dbt_project.yml or --vars"
        ) -}}
    {%- endif -%}
    '{{ wert }}'
{%- endmacro %}
