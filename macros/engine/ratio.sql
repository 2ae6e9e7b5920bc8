{#- One number divided by another; as in floating point, a number divided by 0 is infinite. -#}
{% macro ratio(part, whole) -%}
    {{ (default__ratio if target.type == 'duckdb' else adapter.dispatch('ratio', 'stammdaten'))(part, whole) }}
{%- endmacro %}


{% macro default__ratio(part, whole) -%}
    {{ part }} / {{ whole }}
{%- endmacro %}


{#- Spark ends the query at a 0, and of decimals it makes a decimal. -#}
{% macro spark__ratio(part, whole) -%}
    case
        when {{ whole }} <> 0 then cast({{ part }} as double) / cast({{ whole }} as double)
        when {{ part }} > 0 then double('Infinity')
        when {{ part }} < 0 then double('-Infinity')
        when {{ part }} = 0 and {{ whole }} = 0 then double('NaN')
    end
{%- endmacro %}
