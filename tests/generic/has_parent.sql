{% test has_parent(model, parent, columns) %}
    select distinct
        {%- for column in columns %}
        child.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ model }} as child
    where
        not exists (
            select 1
            from {{ parent }} as parent
            where
                {%- for column in columns %}
                {{ 'and ' if not loop.first }}parent.{{ column }} is not distinct from child.{{ column }}
                {%- endfor %}
        )
{% endtest %}
