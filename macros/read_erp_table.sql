{% macro read_erp_table(table_name) -%}
    {#- dbt must know the seeds before it knows the columns. -#}
    {%- do (ref('woerter'), ref('laendernamen')) -%}
    {%- set columns = erp_columns(table_name) -%}
    {%- set words = word_columns(columns) -%}
    {%- set flags = [] -%}
    {%- for column, type in columns.items() if type == 'wahrheitswert' %}{% do flags.append(column) %}{% endfor -%}
    with

    cleaned as (
        {{ clean_erp_table(table_name, columns.keys() | list, with_damage=true) | indent(8) }}
    ),

    {% if flags -%}
    {#- C3: in a column that holds an X an empty cell is false. -#}
    crossed as (
        select
            {%- for column in flags %}
            coalesce(bool_or({{ full_match(column, '[^0-9A-Za-z]*[xX][^0-9A-Za-z]*') }}), false) as {{ column }}__crossed
            {{- ',' if not loop.last }}
            {%- endfor %}
        from {{ source('erp_raw', table_name) }}
    ),

    {% endif -%}
    {% for column, type in words.items() -%}
    woerter_{{ column }} as (
        {{ word_list(table_name, column, type) }}
    ),

    {% endfor -%}
    parsed as (
        select
            cleaned.*
            {%- for column, type in columns.items() if type != 'text' %},
            {{ erp_value(column, type) }} as {{ column }}__wert
            {%- endfor %}
        from cleaned
        {%- for column in words %}
        left join woerter_{{ column }} on {{ as_word('cleaned.' ~ column) }} = woerter_{{ column }}.wort
        {%- endfor %}
    ),

    checked as (
        select
            parsed.*,
            {{ unreadable_values(columns) | indent(8) }} as _ungelesen
        from parsed
    )

    select
        checked._zeile,
        {% for column, type in columns.items() -%}
        {{ final_value(column, type) }},
        {% endfor -%}
        {#- Hardly any row has a damaged text. #}
        case
            when cardinality(_schaeden) > 0 then {{ list_concat(first_damage(), '_ungelesen') | indent(8) }}
            else _ungelesen
        end as _maengel
    from checked
    {{- '\n    cross join crossed' if flags }}
{%- endmacro %}


{#- What staging shows of a value that was read, of one that was not, and of an empty cell. -#}
{% macro final_value(column, type) -%}
    {%- set text, value = 'checked.' ~ column, 'checked.' ~ column ~ '__wert' -%}
    {%- if type in ('text', 'jahr') -%} {{ text }}
    {%- elif type == 'wahrheitswert' -%}
        case when {{ text }} is null and {{ column }}__crossed then false else {{ value }} end as {{ column }}
    {%- elif type == 'sperre' -%} coalesce({{ value }}, {{ text }} is not null) as {{ column }}
    {%- elif type.startswith('wort') -%} coalesce({{ value }}, {{ text }}) as {{ column }}
    {%- elif type.startswith('land(') -%}
        case when {{ text }} is null then '{{ type[5:-1] }}' else {{ value }} end as {{ column }}
    {%- else -%} {{ value }} as {{ column }}
    {%- endif -%}
{%- endmacro %}


{#- C8: once a row, by its first column. -#}
{% macro first_damage() -%}
    {%- set first = list_element('_schaeden', 1) -%}
    {%- set others = list_transform(list_rest('_schaeden'), 'schaden', 'schaden.column_name') -%}
    case
        when cardinality(_schaeden) = 1 then _schaeden
        when cardinality(_schaeden) > 1
            then {% call list_of() %}{% call struct() %}
                'rule': {{ first }}.rule,
                'column_name': {{ first }}.column_name,
                'value': {{ first }}.value,
                'reason': {{ first }}.reason || '; also in ' || {{ list_to_text(others, ', ') }}
            {% endcall %}{% endcall %}
    end
{%- endmacro %}


{#- Columns whose words decide (C9), with the list that knows them. -#}
{% macro word_columns(columns) %}
    {% set words = {} %}
    {% for column, type in columns.items() if type.startswith(('wort', 'land')) %}
        {% do words.update({column: type}) %}
    {% endfor %}
    {% do return(words) %}
{% endmacro %}


{#- A list of words as it is joined: each once, without regard to case and blanks. -#}
{% macro word_list(table_name, column, type) -%}
    select
        {{ as_word('wort') }} as wort,
        {%- if type.startswith('land') %}
        min(land) as bedeutung
    from {{ ref('laendernamen') }}
        {%- else %}
        min(bedeutung) as bedeutung
    from {{ ref('woerter') }}
    where spalte = '{{ table_name }}.{{ column }}'
        {%- endif %}
    group by all
{%- endmacro %}
