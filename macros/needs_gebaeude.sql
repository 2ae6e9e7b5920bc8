{#- Whether a unit hangs on a Gebäude at the partner; KIWI alone knows none, and takes a unit without an address. -#}
{% macro needs_gebaeude(partner) %}
    {% do return(partner != 'kiwi') %}
{% endmacro %}
