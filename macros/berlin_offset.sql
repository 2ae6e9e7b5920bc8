{% macro berlin_offset(datum, moment) -%}
    {%- set jahr = 'year(' ~ datum ~ ')' -%}
    {#- The clocks change in the night: on the day itself the first moment is in the old time, the last in the new. -#}
    {%- set nach, vor = ('>', '<=') if moment == 'first' else ('>=', '<') -%}
    case
        when
            {{ jahr }} >= 1980
            and {{ datum }} {{ nach }} case
                when {{ jahr }} = 1980 then date '1980-04-06' else {{ last_sunday(jahr, 3, 31) }}
            end
            and {{ datum }} {{ vor }} case
                when {{ jahr }} >= 1996 then {{ last_sunday(jahr, 10, 31) }} else {{ last_sunday(jahr, 9, 30) }}
            end
            then '+02:00'
        else '+01:00'
    end
{%- endmacro %}


{#- The last Sunday of a month of so many days. -#}
{% macro last_sunday(jahr, month, days) -%}
    make_date({{ jahr }}, {{ month }}, {{ days }}) - dayofweek(make_date({{ jahr }}, {{ month }}, {{ days }}))::integer
{%- endmacro %}
