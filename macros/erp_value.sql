{% macro erp_value(spalte, typ) -%}
    {%- if typ == 'datum' -%} {{ datum(spalte, geburtsdatum=spalte == 'geburtsdatum') }}
    {%- elif typ == 'zeitstempel' -%} {{ zeitstempel(spalte) }}
    {%- elif typ in ('wahrheitswert', 'sperre') -%} {{ wahrheitswert(spalte) }}
    {%- elif typ == 'jahr' -%} {{ jahr(spalte) }}
    {%- elif typ == 'ganzzahl' -%} {{ ganzzahl(spalte) }}
    {%- elif typ == 'ganzzahl(bigint)' -%} {{ ganzzahl(spalte, 'bigint') }}
    {%- elif typ.startswith('dezimalzahl') -%} {{ dezimalzahl(spalte, typ[12:-1]) }}
    {%- elif typ.startswith(('wort', 'land')) -%} woerter_{{ spalte }}.bedeutung
    {%- else -%}
        {{- exceptions.raise_compiler_error(
            spalte ~ ': unknown type ' ~ typ
            ~ '; allowed: text, wort, land, land(default), datum, zeitstempel, wahrheitswert, sperre, jahr, ganzzahl, ganzzahl(bigint),'
            ~ ' dezimalzahl(digits, decimals)'
        ) -}}
    {%- endif -%}
{%- endmacro %}
