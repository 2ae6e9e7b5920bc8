{% macro same_key(level, left, right) -%}
    {%- for column in key_columns(level) -%}
        {{ same_part(left ~ '.' ~ column, right ~ '.' ~ column) }}
        {%- if not loop.last %} and {% endif -%}
    {%- endfor -%}
{%- endmacro %}


{#- Whether two parts of a key are equal; where an ERP does not have the part, both are NULL (I3). -#}
{% macro same_part(left, right) -%}
    {%- set column = right.split('.')[-1] -%}
    {%- set can_be_null = erps_with('parts_absent', column) + erps_with('parts_optional', column) -%}
    {{ left }} {{ 'is not distinct from' if can_be_null else '=' }} {{ right }}
{%- endmacro %}
