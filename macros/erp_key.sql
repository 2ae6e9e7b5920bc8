{% macro erp_key(table_name) %}
    {% do return(erp_table(table_name).meta.key if execute else ['_zeile']) %}
{% endmacro %}
