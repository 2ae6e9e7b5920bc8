{#- Whether a lease is out of scope (L4) by what can be told of it, whatever else of it cannot. -#}
{% macro lease_surely_out(row) -%}
    coalesce(
        {{ lower_case(row ~ '.vertragsart') }} in ('leerstand', 'eigennutzung')
        or {{ lower_case(row ~ '.status_erp') }} = 'storniert'
        or (
            ({{ row }}.ende < {{ stichtag() }} or {{ row }}.ende < {{ row }}.mietbeginn)
            {#- Without a mietende the end is kuendigung_zum; with one that cannot be read nobody knows. #}
            and ({{ row }}.mietende is not null or not {{ has_mangel(row, 'mietende') }})
        ),
        false
    )
{%- endmacro %}
