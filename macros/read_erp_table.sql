{% macro read_erp_table(tabelle) -%}
    {#- dbt must know the seeds before it knows the columns. -#}
    {%- do (ref('woerter'), ref('laendernamen')) -%}
    {%- set spalten = erp_columns(tabelle) -%}
    {%- set words = word_columns(spalten) -%}
    {%- set flags = [] -%}
    {%- for spalte, typ in spalten.items() if typ == 'wahrheitswert' %}{% do flags.append(spalte) %}{% endfor -%}
    with

    cleaned as (
        {{ clean_erp_table(tabelle, spalten.keys() | list, with_damage=true) | indent(8) }}
    ),

    {% if flags -%}
    {#- C3: in a column that holds an X an empty cell is false. -#}
    crossed as (
        select
            {%- for spalte in flags %}
            coalesce(bool_or(regexp_full_match({{ spalte }}, '[^0-9A-Za-z]*[xX][^0-9A-Za-z]*')), false) as {{ spalte }}__crossed
            {{- ',' if not loop.last }}
            {%- endfor %}
        from {{ source('erp_raw', tabelle) }}
    ),

    {% endif -%}
    {% for spalte, typ in words.items() -%}
    woerter_{{ spalte }} as (
        {{ word_list(tabelle, spalte, typ) }}
    ),

    {% endfor -%}
    parsed as (
        select
            cleaned.*
            {%- for spalte, typ in spalten.items() if typ != 'text' %},
            {{ erp_value(spalte, typ) }} as {{ spalte }}__wert
            {%- endfor %}
        from cleaned
        {%- for spalte in words %}
        left join woerter_{{ spalte }} on {{ as_word('cleaned.' ~ spalte) }} = woerter_{{ spalte }}.wort
        {%- endfor %}
    ),

    checked as (
        select
            parsed.*,
            {{ unreadable_values(spalten) | indent(8) }} as _ungelesen
        from parsed
    )

    select
        checked._zeile,
        {% for spalte, typ in spalten.items() -%}
        {{ final_value(spalte, typ) }},
        {% endfor -%}
        {#- Hardly any row has a damaged text. #}
        case
            when len(_schaeden) > 0 then list_concat({{ first_damage() | indent(8) }}, _ungelesen)
            else _ungelesen
        end as _maengel
    from checked
    {{- '\n    cross join crossed' if flags }}
{%- endmacro %}


{#- What staging shows of a value that was read, of one that was not, and of an empty cell. -#}
{% macro final_value(spalte, typ) -%}
    {%- set text, wert = 'checked.' ~ spalte, 'checked.' ~ spalte ~ '__wert' -%}
    {%- if typ in ('text', 'jahr') -%} {{ text }}
    {%- elif typ == 'wahrheitswert' -%}
        case when {{ text }} is null and {{ spalte }}__crossed then false else {{ wert }} end as {{ spalte }}
    {%- elif typ == 'sperre' -%} coalesce({{ wert }}, {{ text }} is not null) as {{ spalte }}
    {%- elif typ.startswith('wort') -%} coalesce({{ wert }}, {{ text }}) as {{ spalte }}
    {%- elif typ.startswith('land(') -%}
        case when {{ text }} is null then '{{ typ[5:-1] }}' else {{ wert }} end as {{ spalte }}
    {%- else -%} {{ wert }} as {{ spalte }}
    {%- endif -%}
{%- endmacro %}


{#- C8: once a row, by its first column. -#}
{% macro first_damage() -%}
    case
        when len(_schaeden) = 1 then _schaeden
        when len(_schaeden) > 1 then [
            struct_update(
                _schaeden[1],
                reason := _schaeden[1].reason || '; also in '
                    || array_to_string(list_transform(_schaeden[2:], lambda schaden: schaden.column_name), ', ')
            )
        ]
    end
{%- endmacro %}


{#- Columns whose words decide (C9), with the list that knows them. -#}
{% macro word_columns(spalten) %}
    {% set words = {} %}
    {% for spalte, typ in spalten.items() if typ.startswith(('wort', 'land')) %}
        {% do words.update({spalte: typ}) %}
    {% endfor %}
    {% do return(words) %}
{% endmacro %}


{#- A list of words as it is joined: each once, without regard to case and blanks. -#}
{% macro word_list(tabelle, spalte, typ) -%}
    select
        {{ as_word('wort') }} as wort,
        {%- if typ.startswith('land') %}
        min(land) as bedeutung
    from {{ ref('laendernamen') }}
        {%- else %}
        min(bedeutung) as bedeutung
    from {{ ref('woerter') }}
    where spalte = '{{ tabelle }}.{{ spalte }}'
        {%- endif %}
    group by all
{%- endmacro %}
