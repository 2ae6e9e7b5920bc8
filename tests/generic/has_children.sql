{% test has_children(model, child, field) %}
    -- E2, L6: no contract without a person
    select parent.external_id
    from {{ model }} as parent
    where
        not exists (
            select 1
            from {{ child }} as child
            where child.{{ field }} = parent.external_id
        )
{% endtest %}
