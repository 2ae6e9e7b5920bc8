{% macro erp_value(spalte, typ) -%}
    {%- if typ == 'datum' -%} {{ datum(spalte, geburtsdatum=spalte == 'geburtsdatum') }}
    {%- elif typ == 'zeitstempel' -%} {{ zeitstempel(spalte) }}
    {%- elif typ in ('wahrheitswert', 'sperre') -%} {{ wahrheitswert(spalte) }}
    {%- elif typ == 'jahr' -%} {{ jahr(spalte) }}
    {%- elif typ == 'ganzzahl' -%} {{ ganzzahl(spalte) }}
    {%- elif typ == 'ganzzahl(bigint)' -%} {{ ganzzahl(spalte, 'bigint') }}
    {%- elif typ.startswith('dezimalzahl') -%} {{ dezimalzahl(spalte, typ[12:-1]) }}
    {%- else -%} woerter_{{ spalte }}.bedeutung
    {%- endif -%}
{%- endmacro %}
