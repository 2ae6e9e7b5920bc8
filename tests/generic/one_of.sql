{% test one_of(model, column_name, values) %}
    select external_id
    from {{ model }}
    where
        {{ column_name }} is not null
        and cast({{ column_name }} as varchar) not in ({% for value in values -%}
            '{{ value }}'{{ ', ' if not loop.last }}
        {%- endfor %})
{% endtest %}
