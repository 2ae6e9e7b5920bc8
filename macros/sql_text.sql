{% macro sql_text(value) -%}
    {{ "cast(null as string)" if value is none else "'" ~ value | replace("'", "''") ~ "'" }}
{%- endmacro %}
