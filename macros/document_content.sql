{#- What says where the bytes of a document are, and tells that they have changed (`content` in docs/contracts.md). -#}
{% macro document_content(table=none) -%}
    {%- set before = table ~ '.' if table else '' -%}
    {% call struct() %}
        'dokument_nr': {{ before }}dokument_nr,
        'pfad': {{ before }}pfad,
        'dateiname': {{ before }}dateiname,
        'mime_typ': {{ before }}mime_typ,
        'groesse_bytes': {{ before }}groesse_bytes,
        'geaendert_am': {{ iso_text(before ~ 'geaendert_am') }}
    {% endcall %}
{%- endmacro %}
