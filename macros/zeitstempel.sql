{% macro zeitstempel(expr) -%}
    case
        {#- Most stamps are written so. #}
        when regexp_full_match(
            {{ expr }},
            '(?:2[0-9]{3}|19[1-9][0-9])-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]{1,9})?)?)?'
        )
            then try_cast({{ expr }} as timestamp)
        when {{ expr }} is not null
            then list_transform(
                [{{ zeitpunkt(expr) }}],
                lambda tag: case when not {{ is_empty_date('tag') }} then tag end
            )[1]
    end
{%- endmacro %}
