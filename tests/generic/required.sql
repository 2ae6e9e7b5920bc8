{% test required(model, column_name) %}
    select external_id
    from {{ model }}
    where {{ column_name }} is null or cast({{ column_name }} as varchar) = ''
{% endtest %}
