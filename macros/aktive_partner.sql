{% macro aktive_partner() %}
    {% set aktive = [] %}
    {% for partner in alle_partner() if partner_aktiv(partner) %}
        {% do aktive.append(partner) %}
    {% endfor %}
    {% do return(aktive) %}
{% endmacro %}
