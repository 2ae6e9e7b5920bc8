{% macro email_adresse(expr) -%}
    {%- set local_part = "[A-Za-z0-9!#$%&''*+=?^_`{|}~-]+" -%}
    {%- set label = '[\\p{L}0-9](?:[\\p{L}0-9-]*[\\p{L}0-9])?' -%}
    {%- set address = local_part ~ '(?:[.]' ~ local_part ~ ')*@(?:' ~ label ~ '[.])+\\p{L}{2,}' -%}
    {#- The pieces of a field one after the other, each between two semicolons of its own: ;piece;;piece; -#}
    {%- set field = namespace(sql="';' || regexp_replace(" ~ expr ~ ", '[;,/]', ';;', 'g') || ';'") -%}
    {%- for pattern, replacement in [
        ('(?i)mailto:', ''),
        (white_space() ~ '+', ' '),
        (' *; *', ';'),
        (';[^;<>]*< *([^;<>]*?) *>;', ';\\1;'),
        ('[.]([ ;])', '\\1'),
        ('[^@ ;]{65,}@', '@'),
    ] -%}
        {%- set field.sql = "regexp_replace(" ~ field.sql ~ ", '" ~ pattern ~ "', '" ~ replacement ~ "', 'g')" -%}
    {%- endfor -%}
    case
        when regexp_full_match({{ expr }}, '{{ address }}') and strpos({{ expr }}, '@') <= 65
            then lower({{ expr }})
        when contains({{ expr }}, '@')
            then nullif(lower(regexp_extract({{ field.sql }}, ';({{ address }})(?: {{ address }})*;', 1)), '')
    end
{%- endmacro %}
