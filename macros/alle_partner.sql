{% macro alle_partner() %}
    {% do return(['etg24', 'facilioo', 'plentific', 'kiwi', 'everreal', 'casavi', 'pricehubble', 'quis']) %}
{% endmacro %}
