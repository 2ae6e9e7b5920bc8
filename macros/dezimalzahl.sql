{% macro dezimalzahl(expr, stellen='12, 2') -%}
    case
        when regexp_full_match({{ expr }}, '[+-]?[0-9]+([.][0-9]+)?')
            then try_cast({{ expr }} as decimal({{ stellen }}))
        when regexp_full_match({{ expr }}, '[+-]?([0-9]+|[0-9]{1,3}([.][0-9]{3})+)(,[0-9]+)?')
            then try_cast(replace(replace({{ expr }}, '.', ''), ',', '.') as decimal({{ stellen }}))
        when regexp_full_match({{ expr }}, '[0-9]+ +[0-9]+/0*[1-9][0-9]*')
            then try_cast(
                try_cast(split_part({{ expr }}, ' ', 1) as double)
                + try_cast(split_part(split_part({{ expr }}, ' ', -1), '/', 1) as double)
                / try_cast(split_part({{ expr }}, '/', 2) as double)
                as decimal({{ stellen }})
            )
    end
{%- endmacro %}
