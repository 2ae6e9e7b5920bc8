{% macro is_placeholder(name) -%}
    {{ as_word(name) }} in (select {{ as_word('platzhalter.name') }} from {{ ref('platzhalter') }} as platzhalter)
{%- endmacro %}
