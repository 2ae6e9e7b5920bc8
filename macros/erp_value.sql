{% macro erp_value(spalte, typ) -%}
    {%- if typ == 'datum' -%} {{ datum(spalte) }}
    {%- elif typ == 'zeitstempel' -%} {{ zeitstempel(spalte) }}
    {%- elif typ == 'wahrheitswert' -%} {{ wahrheitswert(spalte) }}
    {%- elif typ == 'ganzzahl' -%} {{ ganzzahl(spalte) }}
    {%- elif typ.startswith('dezimalzahl') -%} {{ dezimalzahl(spalte, typ[12:-1]) }}
    {%- else -%}
        {{- exceptions.raise_compiler_error(
            spalte ~ ': unknown type ' ~ typ
            ~ '; allowed: text, datum, zeitstempel, wahrheitswert, ganzzahl, dezimalzahl(digits, decimals)'
        ) -}}
    {%- endif -%}
{%- endmacro %}
