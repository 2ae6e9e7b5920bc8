{% macro erp_table(table_name) %}
    {% do return(
        graph.sources.values()
        | selectattr('source_name', 'equalto', 'erp_raw')
        | selectattr('name', 'equalto', table_name)
        | first
    ) %}
{% endmacro %}
