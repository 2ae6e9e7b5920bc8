{% macro quis_location(table=none) -%}
    {%- set prefix = table ~ '.' if table else '' -%}
    case
        when {{ prefix }}strasse is not null and coalesce({{ prefix }}plz, {{ prefix }}ort) is not null
            then {
                'address': {
                    'unstructured': concat(
                        {{ strasse_hausnummer(table) }}, ', ', concat_ws(' ', {{ prefix }}plz, {{ prefix }}ort)
                    )
                }
            }
    end
{%- endmacro %}
