{% macro quis_location(table=none) -%}
    {%- set prefix = table ~ '.' if table else '' -%}
    case
        when not ({{ is_no_address(table) }})
            then {% call struct() %}
                'address': {% call struct() %}
                    'unstructured': concat_ws(
                        '',
                        {{ strasse_hausnummer(table) }}, ', ', concat_ws(' ', {{ prefix }}plz, {{ prefix }}ort)
                    )
                {% endcall %}
            {% endcall %}
    end
{%- endmacro %}
