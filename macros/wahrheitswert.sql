{% macro wahrheitswert(expr) -%}
    case
        when lower({{ expr }}) in ('true', 'wahr', 'ja', 'yes', 'j', 'y', 'x', '1', '-1') then true
        when lower({{ expr }}) in ('false', 'falsch', 'nein', 'no', 'n', '0') then false
    end
{%- endmacro %}
