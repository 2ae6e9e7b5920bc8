{% test valid_email(model, column_name) %}
    -- E2: no tenant without a valid e-mail (E4, E5)
    select external_id
    from {{ model }}
    where
        {{ column_name }} is null
        or {{ email_adresse(column_name) }} is distinct from {{ column_name }}
{% endtest %}
