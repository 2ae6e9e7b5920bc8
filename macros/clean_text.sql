{% macro clean_text(expr, is_key=false) -%}
    case when {{ is_plain_text(expr, is_key) }} then nullif({{ expr }}, '') else {{ clean_odd_text(expr, is_key) }} end
{%- endmacro %}


{#- Whether there is nothing to clean and nothing damaged (C8): one look for nearly every value. Beyond printable ASCII
    and German letters, these go the long way: a blank at an end, `&`, `_x`, a leading `=` or `'`, in a key `+`. -#}
{% macro is_plain_text(expr, is_key=false) -%}
    {%- set plus = '' if is_key else '+' -%}
    {%- set letters = '`-~ÄÖÜäöüß' -%}
    {%- set begins = '!-%(-*' ~ plus ~ ',-<>-^' ~ letters -%}
    {%- set ends = "!-%''-*" ~ plus ~ ',-^' ~ letters -%}
    {%- set after_underscore = "!-%''-*" ~ plus ~ ',-^`-wyz{-~ÄÖÜäöüß' -%}
    {{ is_plain(expr, begins, ends, after_underscore) }}
{%- endmacro %}


{% macro clean_odd_text(expr, is_key=false) -%}
    {%- set text = namespace(sql=expr) -%}
    {%- for pattern, replacement in [
        (invisible_characters(), ''),
        ('_x000[dD]_(?:\\r?\\n|_x000[aA]_)?|_x000[aA]_', none),
        ('(?s)^' ~ white_space() ~ '*="(.*)"' ~ white_space() ~ '*$', '\\1'),
        ("(?s)^" ~ white_space() ~ "*''(" ~ ("" if is_key else "[-+=.,0-9]") ~ "[^'']*)''?$", '\\1'),
    ] -%}
        {%- set text.sql = replace_matches(text.sql, pattern, replacement, 'chr(10)' if replacement is none else none) -%}
    {%- endfor -%}
    {%- set trimmed -%}
        nullif({{ replace_matches(nfc(text.sql), '^' ~ white_space() ~ '+|' ~ white_space() ~ '+$', '') }}, '')
    {%- endset -%}
    {%- if is_key -%}
        case when not {{ is_scientific(expr) }} then {{ trimmed }} end
    {%- else -%}
        {{ trimmed }}
    {%- endif -%}
{%- endmacro %}


{#- What nobody sees: zero-width and direction marks, soft hyphens, control characters but tab and line breaks. -#}
{% macro invisible_characters() -%}
    [\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\x{AD}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}\x{FEFF}]
{%- endmacro %}


{#- A number of which a spreadsheet has kept the first digits only: 8,15E+09. -#}
{% macro is_scientific(expr) -%}
    {{ full_match(expr, white_space() ~ '*[0-9]+([.,][0-9]+)?[eE][+][0-9]+' ~ white_space() ~ '*') }}
{%- endmacro %}
