{#- An address as etg24 writes it, of a person or a Gebäude; `house_number` is SQL. -#}
{% macro etg24_address(house_number, table=none) -%}
    {%- set prefix = table ~ '.' if table else '' -%}
    {% call struct() %}
        'street': {{ prefix }}strasse,
        'houseNumber': {{ house_number }},
        'postalCode': {{ prefix }}plz,
        'city': {{ prefix }}ort,
        'country': {{ prefix }}land
    {% endcall %}
{%- endmacro %}
