{% macro erp_table(tabelle) %}
    {% do return(
        graph.sources.values()
        | selectattr('source_name', 'equalto', 'erp_raw')
        | selectattr('name', 'equalto', tabelle)
        | first
    ) %}
{% endmacro %}
