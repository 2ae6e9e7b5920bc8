{% macro needs_email(partner) %}
    {% do return(partner in ['etg24', 'facilioo', 'plentific', 'kiwi', 'quis']) %}
{% endmacro %}
