{% macro needs_email(partner) %}
    {% do return(partner_profile(partner).tenants_need == 'email') %}
{% endmacro %}
