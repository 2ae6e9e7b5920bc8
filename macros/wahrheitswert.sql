{% macro wahrheitswert(expr) -%}
    case
        when {{ lower_case(expr) }} in ('true', 'wahr', 'ja', 'yes', 'j', 'y', 'x', '1', '-1') then true
        when {{ lower_case(expr) }} in ('false', 'falsch', 'nein', 'no', 'n', '0') then false
    end
{%- endmacro %}
