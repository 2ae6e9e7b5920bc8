{% macro quelle_erp() -%}
    {%- set value = var('quelle_erp', 'wodis_sigma') -%}
    {%- if value not in erp_profiles() -%}
        {{- exceptions.raise_compiler_error(
            "quelle_erp: '" ~ value ~ "' is unknown; allowed: " ~ erp_profiles() | join(', ')
            ~ "; set in dbt_project.yml or --vars"
        ) -}}
    {%- endif -%}
    '{{ value }}'
{%- endmacro %}
