{% macro email_adresse(expr) -%}
    {%- set local_part = "[A-Za-z0-9!#$%&''*+=?^_`{|}~-]+" -%}
    {%- set label = '[\\p{L}0-9](?:[\\p{L}0-9-]*[\\p{L}0-9])?' -%}
    {%- set address = local_part ~ '(?:[.]' ~ local_part ~ ')*@(?:' ~ label ~ '[.])+\\p{L}{2,}' -%}
    {#- The pieces of a field one after the other, each between two semicolons of its own: ;piece;;piece; -#}
    {%- set field = namespace(sql="';' || " ~ replace_matches(expr, '[;,/]', ';;') ~ " || ';'") -%}
    {%- for pattern, replacement in [
        ('(?i)mailto:', ''),
        (white_space() ~ '+', ' '),
        (' *; *', ';'),
        (';[^;<>]*< *([^;<>]*?) *>;', ';\\1;'),
        ('[.]([ ;])', '\\1'),
        ('[^@ ;]{65,}@', '@'),
    ] -%}
        {%- set field.sql = replace_matches(field.sql, pattern, replacement) -%}
    {%- endfor -%}
    case
        when {{ full_match(expr, address) }} and instr({{ expr }}, '@') <= 65
            then {{ lower_case(expr) }}
        when contains({{ expr }}, '@')
            then nullif({{ lower_case(extract_match(field.sql, ';(' ~ address ~ ')(?: ' ~ address ~ ')*;', 1)) }}, '')
    end
{%- endmacro %}
