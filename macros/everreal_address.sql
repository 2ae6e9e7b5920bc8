{#- An address as EverReal writes it, of an owner or a property. -#}
{% macro everreal_address() -%}
    {% call struct() %}
        'streetName': strasse,
        'streetNumber': hausnummer,
        'zipCode': plz,
        'city': ort,
        'country': land
    {% endcall %}
{%- endmacro %}
