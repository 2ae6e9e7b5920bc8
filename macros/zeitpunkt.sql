{% macro zeitpunkt(expr) -%}
    {#- Written once and read by name: the text in ISO form, then the moment. -#}
    {%- set made -%}
        case
            when {{ full_match('iso', date_form() ~ time_form() ~ '?') }} then {{ moment_of_text('iso') }}
            when {{ full_match('iso', date_form() ~ time_form() ~ zone_form()) }} then {{ local_moment_of_text('iso') }}
        end
    {%- endset -%}
    {{ let('iso', iso_form(expr), made) }}
{%- endmacro %}


{#- Any year but 0000, which DuckDB would take for 1 BC, and two digits with zeros in front. -#}
{% macro date_form() -%}
    (?:[1-9][0-9]{3}|0[1-9][0-9]{2}|0001)-[0-9]{2}-[0-9]{2}
{%- endmacro %}


{% macro time_form() -%}
    (?:(?:T| +)(?:[01]?[0-9]|2[0-3]):[0-9]{2}(?::[0-9]{2}(?:[.][0-9]{1,9})?)?)
{%- endmacro %}


{% macro zone_form() -%}
    (?: ?(?:[Zz]|[+-](?:0[0-9]|1[0-4])(?::?[0-9]{2})?))
{%- endmacro %}


{#- 1.2.2026, 20260201 and 20260201140506 as ISO writes them; anything else stays as it is. -#}
{% macro iso_form(expr) -%}
    {%- set text = namespace(sql=expr) -%}
    {%- for pattern, replacement in [
        ('^([0-9])[.]([0-9]{1,2})[.]', '0\\1.\\2.'),
        ('^([0-9]{2})[.]([0-9])[.]', '\\1.0\\2.'),
        ('^([0-9]{2})[.]([0-9]{2})[.]([0-9]{4})', '\\3-\\2-\\1'),
        ('^([0-9]{4})([0-9]{2})([0-9]{2})([T ]?)', '\\1-\\2-\\3\\4'),
        ('^(.{10})[T ]?([0-9]{2})([0-9]{2})([0-9]{2})', '\\1 \\2:\\3:\\4'),
        (',', '.'),
    ] -%}
        {%- set text.sql = replace_first_match(text.sql, pattern, replacement) -%}
    {%- endfor -%}
    {{ text.sql }}
{%- endmacro %}
