{% macro personal_columns(tabelle) %}
    {% set spalten = [] %}
    {% if execute %}
        {% for spalte in erp_table(tabelle).columns.values() if spalte.meta.pii %}
            {% do spalten.append(spalte.name) %}
        {% endfor %}
    {% endif %}
    {% do return(spalten) %}
{% endmacro %}
