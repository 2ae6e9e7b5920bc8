{% test shares_no_id_with(model, other) %}
    -- I6: both have one id space at the partner
    select external_id
    from {{ model }}
    intersect
    select external_id
    from {{ other }}
{% endtest %}
