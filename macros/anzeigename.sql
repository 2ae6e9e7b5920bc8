{% macro anzeigename(level, table=none) -%}
    {%- set prefix = table ~ '.' if table else '' -%}
    {%- set number = record_key(level, table=table)[-1] -%}
    {%- if level == 'gebaeude' -%}
        coalesce({{ prefix }}bezeichnung, {{ strasse_hausnummer(table) }}, {{ number }})
    {%- else -%}
        coalesce({{ prefix }}bezeichnung, {{ number }})
    {%- endif -%}
{%- endmacro %}
