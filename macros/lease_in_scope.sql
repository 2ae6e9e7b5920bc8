{% macro lease_in_scope(status, vertragsart) -%}
    coalesce(
        {{ status }} in ('aktiv', 'gekuendigt', 'zukuenftig')
        and coalesce({{ vertragsart }}, '') not in ('Leerstand', 'Eigennutzung'),
        false
    )
{%- endmacro %}
