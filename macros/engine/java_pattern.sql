{#- A pattern that RE2 reads, as Java reads it: `.` stops at a line feed only, (?i) takes letters beyond ASCII but no İ and ı
    for an i, and $ is the end of the text and not a line feed before it. -#}
{% macro java_pattern(pattern) -%}
    {%- set text = namespace(java=pattern) -%}
    {%- if '(?i' in pattern -%}
        {%- set text.java = modules.re.sub('(?<![?])i', '(?-i:[iI])', pattern) | replace('[a-z', '(?![İı])[a-z') -%}
        {%- set text.java = text.java | replace('(?i)', '(?iu)') | replace('(?i:', '(?iu:') -%}
    {%- endif -%}
    (?d){{ modules.re.sub('[$](?=$|[)|])', '\\\\z', text.java) }}
{%- endmacro %}


{#- \1 of RE2 is $1 of Java; `shift` groups stand before. -#}
{% macro java_replacement(replacement, shift=0) -%}
    {%- set text = namespace(java=replacement) -%}
    {%- for number in range(9, 0, -1) -%}
        {%- set text.java = text.java | replace('\\' ~ number, '$' ~ (number + shift)) -%}
    {%- endfor -%}
    {{ text.java }}
{%- endmacro %}
