{% test unique_within(model, column_name, parent) %}
    with

    counted as (
        select
            {{ parent }} as parent_external_id,
            {{ column_name }} as number
        from {{ model }}
        where {{ parent }} is not null
        group by all
        having count(*) > 1
    )

    select twice.external_id
    from {{ model }} as twice
    inner join counted
        on
            twice.{{ parent }} = counted.parent_external_id
            and twice.{{ column_name }} = counted.number
{% endtest %}
