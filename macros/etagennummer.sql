{% macro etagennummer(etage_lage, etage, quelle_erp) -%}
    case
        when not {{ is_erp(quelle_erp, erps_with('floor', 'text')) }} and {{ etage }} is not null
            then try_cast({{ etage }} as integer)
        when contains({{ lower_case(etage_lage) }}, 'erdgeschoss') then 0
        when contains({{ lower_case(etage_lage) }}, 'keller') then -1
        when {{ full_match(etage_lage, '[+-]?[0-9]+([.,][0-9]+)?') }}
            then try_cast({{ extract_match(etage_lage, '^[+-]?[0-9]+') }} as integer)
        else try_cast({{ extract_match(etage_lage, '[0-9]+') }} as integer)
    end
{%- endmacro %}
