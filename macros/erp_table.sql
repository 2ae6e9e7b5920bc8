{#- Asked for many times in each model, so it is looked up by its id, and not searched. -#}
{% macro erp_table(table_name) %}
    {% do return(graph.sources.get('source.stammdaten.erp_raw.' ~ table_name)) %}
{% endmacro %}
