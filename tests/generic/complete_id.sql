{% test complete_id(model, column_name, partner) %}
    {% set separator = partner_settings(partner).separator %}
    -- I3: no id is missing or has an empty part
    select {{ column_name }} as external_id
    from {{ model }}
    where
        {{ column_name }} is null
        or list_contains(string_split({{ column_name }}, '{{ separator }}'), '')
{% endtest %}
