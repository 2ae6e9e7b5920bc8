{% test unique_key(model, columns, nullable=[]) %}
    with

    keyed as (
        select
            {{ columns | join(', ') }},
            hash({{ columns | join(', ') }}) as key_hash
        from {{ model }}
    ),

    {# Hashes are cheap to count; only what may be there twice is counted by its whole key. #}
    repeated as (
        select key_hash
        from keyed
        group by key_hash
        having count(*) > 1
    )

    select
        {{ columns | join(', ') }},
        count(*) as times
    from keyed
    where
        key_hash in (select repeated.key_hash from repeated)
        {%- for column in columns if column not in nullable %}
        or {{ column }} is null
        {%- endfor %}
    group by all
    having
        count(*) > 1
        {%- for column in columns if column not in nullable %}
        or {{ column }} is null
        {%- endfor %}
{% endtest %}
