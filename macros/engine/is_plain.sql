{#- Whether a text begins and ends with one of these characters, and has no others but blanks inside. Behind underscores
    stands one of `after_underscore`. -#}
{% macro is_plain(text, begins, ends, after_underscore) -%}
    {{ (default__is_plain if target.type == 'duckdb' else adapter.dispatch('is_plain', 'stammdaten'))(text, begins, ends, after_underscore) }}
{%- endmacro %}


{% macro default__is_plain(text, begins, ends, after_underscore) -%}
    regexp_full_match(
        {{ text }},
        '(?:[{{ begins }}](?:(?:[ {{ ends }}]|_+[ {{ after_underscore }}])*(?:[{{ ends }}]|_+[{{ after_underscore }}]))?)?'
    )
{%- endmacro %}


{#- Java goes one step deeper for each repetition of a group, and a long text would be too deep; it does not where it never
    has to go back (++, *+). So the blank at the end is looked at by itself. -#}
{% macro spark__is_plain(text, begins, ends, after_underscore) -%}
    regexp_like(
        {{ text }},
        '\A(?:[{{ begins }}](?:[ {{ ends }}]++|_++[ {{ after_underscore }}])*+(?<! ))?\z'
    )
{%- endmacro %}
