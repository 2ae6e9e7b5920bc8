{% macro aktive_partner() %}
    {% set active = [] %}
    {% for partner in alle_partner() if partner_aktiv(partner) %}
        {% do active.append(partner) %}
    {% endfor %}
    {% do return(active) %}
{% endmacro %}
