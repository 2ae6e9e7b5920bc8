{% macro lease_in_scope(status, vertragsart) -%}
    coalesce(
        {{ status }} in ('aktiv', 'gekuendigt', 'zukuenftig')
        and coalesce({{ vertragsart }} in ('Miete', 'Stellplatz', 'Gewerbe'), {{ vertragsart }} is null),
        false
    )
{%- endmacro %}
