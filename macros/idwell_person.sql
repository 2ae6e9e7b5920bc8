{#- Columns of a user at iDWELL with this role, of `int_idwell__personen`. -#}
{% macro idwell_person(role) -%}
    {{ composite_id('idwell', 'person') }} as external_id,
    '{{ role }}' as role,
    salutation,
    title,
    first_name,
    last_name,
    company,
    email,
    phone,
    street,
    house_number,
    zip,
    city,
    country,
    'de' as language
{%- endmacro %}
