{% macro partner_separatoren() %}
    {% do return(['-', '_', '.', '/', '|']) %}
{% endmacro %}
