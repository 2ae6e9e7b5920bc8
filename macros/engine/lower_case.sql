{#- A text in small letters, each letter for itself, whatever stands around it. -#}
{% macro lower_case(text) -%}
    {{ (default__lower_case if target.type == 'duckdb' else adapter.dispatch('lower_case', 'stammdaten'))(text) }}
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
    {{ (default__upper_case if target.type == 'duckdb' else adapter.dispatch('upper_case', 'stammdaten'))(text) }}
{%- endmacro %}


{% macro default__upper_case(text) -%}
    upper({{ text }})
{%- endmacro %}


{#- Java makes SS of ß, and of other letters two or three, too. -#}
{% macro spark__upper_case(text) -%}
    array_join(
        transform(
            regexp_extract_all(translate({{ text }}, 'ß', 'ẞ'), '(?s).', 0),
            letter -> if(length(upper(letter)) = 1, upper(letter), letter)
        ),
        ''
    )
{%- endmacro %}
