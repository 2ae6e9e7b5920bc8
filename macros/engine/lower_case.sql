{#- A text in small letters, each letter for itself, whatever stands around it. -#}
{% macro lower_case(text) -%}
    {{ adapter.dispatch('lower_case', 'stammdaten')(text) }}
{%- endmacro %}


{% macro default__lower_case(text) -%}
    lower({{ text }})
{%- endmacro %}


{#- Java makes two letters of a dotted I, and another one of a sigma at the end of a word. -#}
{% macro spark__lower_case(text) -%}
    lower(translate({{ text }}, 'İΣ', 'iσ'))
{%- endmacro %}


{#- A text in capital letters, each letter for itself. -#}
{% macro upper_case(text) -%}
    {{ adapter.dispatch('upper_case', 'stammdaten')(text) }}
{%- endmacro %}


{% macro default__upper_case(text) -%}
    upper({{ text }})
{%- endmacro %}


{% macro spark__upper_case(text) -%}
    upper({{ text }})
{%- endmacro %}
