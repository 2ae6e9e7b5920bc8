{% macro email_adresse(expr) -%}
    {%- set lokal = "[A-Za-z0-9!#$%&''*+=?^_`{|}~-]+" -%}
    {%- set label = '[\\p{L}0-9](?:[\\p{L}0-9-]*[\\p{L}0-9])?' -%}
    {%- set adresse = lokal ~ '(?:[.]' ~ lokal ~ ')*@(?:' ~ label ~ '[.])+\\p{L}{2,}' -%}
    {#- The pieces of a field one after the other, each between two semicolons of its own: ;piece;;piece; -#}
    {%- set feld = namespace(sql="';' || regexp_replace(" ~ expr ~ ", '[;,/]', ';;', 'g') || ';'") -%}
    {%- for muster, ersatz in [
        ('(?i)mailto:', ''),
        (white_space() ~ '+', ' '),
        (' *; *', ';'),
        (';[^;<>]*< *([^;<>]*?) *>;', ';\\1;'),
        ('[.]([ ;])', '\\1'),
        ('[^@ ;]{65,}@', '@'),
    ] -%}
        {%- set feld.sql = "regexp_replace(" ~ feld.sql ~ ", '" ~ muster ~ "', '" ~ ersatz ~ "', 'g')" -%}
    {%- endfor -%}
    case
        when regexp_full_match({{ expr }}, '{{ adresse }}') and strpos({{ expr }}, '@') <= 65
            then lower({{ expr }})
        when contains({{ expr }}, '@')
            then nullif(lower(regexp_extract({{ feld.sql }}, ';({{ adresse }})(?: {{ adresse }})*;', 1)), '')
    end
{%- endmacro %}
