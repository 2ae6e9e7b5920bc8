{#- The address of a Gebäude, and of the Eingang that stands for it. -#}
{% macro facilioo_address() -%}
    strasse as street,
    {{ hausnummer() }} as "houseNumber",
    plz as "postalCode",
    ort as city,
    land as country
{%- endmacro %}
