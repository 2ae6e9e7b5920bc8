{% macro zeitstempel(expr) -%}
    case
        {#- Most stamps are written so. #}
        when {{ full_match(
            expr,
            '(?:2[0-9]{3}|19[1-9][0-9])-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]{1,9})?)?)?',
        ) }}
            then {{ moment_of_text(expr) }}
        when {{ expr }} is not null
            then {{ let('tag', zeitpunkt(expr), 'case when not ' ~ is_empty_date('tag') ~ ' then tag end') }}
    end
{%- endmacro %}
