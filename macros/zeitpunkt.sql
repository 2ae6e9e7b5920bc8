{#- Any year but 0000, which DuckDB would take for 1 BC, and two digits with zeros in front. -#}
{% macro zeitpunkt(expr) -%}
    {%- set jahr = '(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|0001)' -%}
    {%- set uhrzeit = '(?:(?:T| +)(?:[01]?[0-9]|2[0-3]):[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?)' -%}
    {%- set iso -%}
        replace(
            regexp_replace(
                regexp_replace(
                    regexp_replace({{ expr }}, '^([0-9]{1,2})[.]([0-9]{1,2})[.]([0-9]{4})', '\3-\2-\1'),
                    '^([0-9]{4})([0-9]{2})([0-9]{2})([T ]?)', '\1-\2-\3\4'
                ),
                '^(.{10})[T ]?([0-9]{2})([0-9]{2})([0-9]{2})', '\1 \2:\3:\4'
            ),
            ',', '.'
        )
    {%- endset -%}
    case
        when regexp_full_match({{ expr }}, '{{ jahr }}-[0-9]{2}-[0-9]{2}') then try_cast({{ expr }} as timestamp)
        when regexp_full_match(
            {{ expr }},
            '(?:{{ jahr }}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}[.][0-9]{1,2}[.]{{ jahr }}|{{ jahr }}[0-9]{4}){{ uhrzeit }}?'
            || '|{{ jahr }}[0-9]{4}[T ]?[0-9]{6}'
        )
            then try_cast({{ iso }} as timestamp)
        when regexp_full_match(
            {{ expr }},
            '(?:(?:{{ jahr }}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}[.][0-9]{1,2}[.]{{ jahr }}|{{ jahr }}[0-9]{4}){{ uhrzeit }}'
            || '|{{ jahr }}[0-9]{4}[T ]?[0-9]{6})' || '{{ zone_form(required=true) }}'
        )
            then {{ local_time("try_cast(regexp_replace(upper(" ~ iso ~ "), ' ([Z+-])', '\\1') as timestamptz)") }}
    end
{%- endmacro %}


{% macro zone_form(required=false) -%}
    (?: ?(?:[Zz]|[+-](?:0[0-9]|1[0-4])(?::?[0-9]{2})?)){{ '' if required else '?' }}
{%- endmacro %}


{#- A moment as the clocks of `zeitzone` show it. Before there were time zones, programs reckon with the usual offset. -#}
{% macro local_time(moment) -%}
    case
        when {{ moment }} < timestamptz '1900-01-01 00:00:00+00'
            then timezone('UTC', {{ moment }})
                + (timezone('{{ zeitzone() }}', timestamptz '1970-01-01 00:00:00+00') - timestamp '1970-01-01')
        else timezone('{{ zeitzone() }}', {{ moment }})
    end
{%- endmacro %}
