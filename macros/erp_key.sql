{% macro erp_key(tabelle) %}
    {% do return(erp_table(tabelle).meta.key if execute else ['_zeile']) %}
{% endmacro %}
