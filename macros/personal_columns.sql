{% macro personal_columns(table_name) %}
    {% set columns = [] %}
    {% if execute %}
        {% for column in erp_table(table_name).columns.values() if column.meta.pii %}
            {% do columns.append(column.name) %}
        {% endfor %}
    {% endif %}
    {% do return(columns) %}
{% endmacro %}
