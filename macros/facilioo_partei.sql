{#- What a party is, whether tenant or owner, out of `int_facilioo__parteien`. -#}
{% macro facilioo_partei() -%}
    partei_id as external_id,
    "typeId",
    salutation,
    "primaryName",
    "secondaryName",
    street,
    "houseNumber",
    "addressAddition",
    "postalCode",
    city,
    country,
    "isContactableByEmail",
    "isContactableByPush",
    "isContactableByMail"
{%- endmacro %}
