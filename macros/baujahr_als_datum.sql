{% macro baujahr_als_datum(baujahr) -%}
    case
        when regexp_full_match({{ baujahr }}, '[12][0-9]{3}')
            then make_date(cast({{ baujahr }} as integer), 1, 1)
    end
{%- endmacro %}
