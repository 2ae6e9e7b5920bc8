{#- A struct, on every engine: a mapping from names to SQL, or the body of the call with its fields, 'name': value, … -#}
{% macro struct(fields=none) -%}
    {%- if fields is none -%}
        {%- set body = caller() -%}
    {%- else -%}
        {%- set body -%}
            {%- for name, value in fields.items() %}'{{ name }}': {{ value }}{{ ', ' if not loop.last }}{% endfor -%}
        {%- endset -%}
    {%- endif -%}
    {{ (default__struct if target.type == 'duckdb' else adapter.dispatch('struct', 'stammdaten'))(body) }}
{%- endmacro %}


{% macro default__struct(body) -%}
    { {{- body -}} }
{%- endmacro %}


{#- A name is a word between quotes with a colon behind it; those of structs inside have theirs no more. -#}
{% macro spark__struct(body) -%}
    named_struct( {{- modules.re.sub("('[A-Za-z_0-9]+'):(?= |$)", '\\1,', body) -}} )
{%- endmacro %}
