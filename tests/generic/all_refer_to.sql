{% test all_refer_to(model, column_name, to, may_be_empty=false) %}
    with

    links as (
        select
            external_id,
            unnest({{ column_name }}) as parent_external_id
        from {{ model }}
    )

    select external_id
    from {{ model }}
    where coalesce(len({{ column_name }}), 0) = 0 and not {{ may_be_empty }}
    union all
    select links.external_id
    from links
    where
        not exists (
            select 1
            from {{ to }} as parent
            where parent.external_id = links.parent_external_id
        )
{% endtest %}
