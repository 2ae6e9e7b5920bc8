{% macro partner_aktiv(partner) %}
    {% do return(partner_settings(partner).aktiv) %}
{% endmacro %}
