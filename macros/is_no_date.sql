{% macro is_no_date(expr, geburtsdatum=false) -%}
    (
        {{ expr }} in ('00000000', '9999-12-31', '31.12.9999', '99991231')
        or {{ full_match(expr, '(?:0000-?00-?00|00?[.]00?[.]0000)(?:[T ]*[0:.,]+)?' ~ zone_form() ~ '?') }}
        or {{ let('tag', zeitpunkt(expr), is_empty_date('tag', geburtsdatum)) }}
    )
{%- endmacro %}


{#- Days that ERPs write where there is no date; the open end in UTC may lie in the year 10000. Nobody rents since 1900,
    but somebody was born then. -#}
{% macro is_empty_date(day, geburtsdatum=false) -%}
    coalesce(
        cast({{ day }} as date) in (
            date '0001-01-01', date '1753-01-01', date '1899-12-30'
            {%- if not geburtsdatum %}, date '1900-01-01'{% endif %}
        )
        or {{ day }} >= timestamp '9999-12-31',
        false
    )
{%- endmacro %}
