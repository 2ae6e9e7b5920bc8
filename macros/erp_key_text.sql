{% macro erp_key_text(columns, table_name=none) -%}
    {%- set before = table_name ~ '.' if table_name else '' -%}
    concat_ws(
        '/'
        {%- for column in columns %},
        {%- set without = erps_without(column, columns) %}
        {%- if without %}
        case when {{ is_erp(before ~ 'quelle_erp', without) }} then {{ before }}{{ column }} else coalesce({{ before }}{{ column }}, '') end
        {%- else %}
        coalesce(cast({{ before }}{{ column }} as string), '')
        {%- endif -%}
        {%- endfor %}
    )
{%- endmacro %}
