{#- What a person is, whether tenant or landlord, out of `int_plentific__personen`. -#}
{% macro plentific_person(table) -%}
    {{ table }}.first_name,
    {{ table }}.last_name,
    {{ table }}.company_name,
    {{ table }}.email,
    {{ table }}.phone
{%- endmacro %}
