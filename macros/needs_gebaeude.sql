{#- Whether a unit hangs on a Gebäude at the partner. -#}
{% macro needs_gebaeude(partner) %}
    {% do return(partner_profile(partner).needs_gebaeude) %}
{% endmacro %}
