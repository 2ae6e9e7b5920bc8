{% test held_rows(model, entities) %}
    select *
    from {{ model }}
    where
        external_id is null
        or rule is null
        or table_name is null
        or coalesce(reason, '') = ''
        or also_in_mart is null
        or entity not in ('{{ entities | join("', '") }}')
{% endtest %}
