{#- Whether a lease is out of scope (L4) by what can be told of it, whatever else of it cannot. -#}
{% macro lease_surely_out(zeile) -%}
    coalesce(
        lower({{ zeile }}.vertragsart) in ('leerstand', 'eigennutzung')
        or lower({{ zeile }}.status_erp) = 'storniert'
        or (
            ({{ zeile }}.ende < {{ stichtag() }} or {{ zeile }}.ende < {{ zeile }}.mietbeginn)
            {#- Without a mietende the end is kuendigung_zum; with one that cannot be read nobody knows. #}
            and ({{ zeile }}.mietende is not null or not {{ has_mangel(zeile, 'mietende') }})
        ),
        false
    )
{%- endmacro %}
