{% test exactly_one_of(model, columns) %}
    select external_id
    from {{ model }}
    where
        {% for column in columns %}
        {{ '+ ' if not loop.first }}cast({{ column }} is not null as integer)
        {% endfor %}
        != 1
{% endtest %}
