{% macro plentific_address(table=none) -%}
    {%- set prefix = table ~ '.' if table else '' -%}
    {% call struct() %}
        'line_1': coalesce({{ strasse_hausnummer(table) }}, {{ anzeigename('gebaeude', table) }}),
        'line_2': cast(null as string),
        'city': {{ prefix }}ort,
        'postcode': {{ prefix }}plz,
        'country': {{ prefix }}land
    {% endcall %}
{%- endmacro %}
