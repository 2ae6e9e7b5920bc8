{#- A text in which letter and accent are one character where there is one (NFC). -#}
{% macro nfc(text) -%}
    {{ (default__nfc if target.type == 'duckdb' else adapter.dispatch('nfc', 'stammdaten'))(text) }}
{%- endmacro %}


{% macro default__nfc(text) -%}
    nfc_normalize({{ text }})
{%- endmacro %}


{#- Spark has no function for it, but brings the library along. -#}
{% macro spark__nfc(text) -%}
    reflect('com.ibm.icu.text.Normalizer', 'compose', {{ text }}, false)
{%- endmacro %}
