{% macro quis_location(table=none) -%}
    {%- set prefix = table ~ '.' if table else '' -%}
    case
        when not ({{ is_no_address(table) }})
            then {
                'address': {
                    'unstructured': concat(
                        {{ strasse_hausnummer(table) }}, ', ', concat_ws(' ', {{ prefix }}plz, {{ prefix }}ort)
                    )
                }
            }
    end
{%- endmacro %}
