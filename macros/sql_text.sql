{% macro sql_text(value) -%}
    {{ "cast(null as varchar)" if value is none else "'" ~ value | replace("'", "''") ~ "'" }}
{%- endmacro %}
