{#- What a participant is, whether tenant or owner, out of `int_etg24__personen`. -#}
{% macro etg24_teilnehmer(table) -%}
    {{ table }}.salutation,
    {{ table }}."firstName",
    {{ table }}."lastName",
    {{ table }}."deliveryInstructions",
    {{ table }}.address,
    {{ table }}."emailAddress",
    {{ table }}."phoneMobile",
    {{ table }}."phoneLandline",
    {{ table }}.fax
{%- endmacro %}
