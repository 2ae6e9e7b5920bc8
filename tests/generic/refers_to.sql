{% test refers_to(model, column_name, to) %}
    select child.external_id
    from {{ model }} as child
    where
        child.{{ column_name }} is not null
        and not exists (
            select 1
            from {{ to }} as parent
            where parent.external_id = child.{{ column_name }}
        )
{% endtest %}
