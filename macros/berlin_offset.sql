{% macro berlin_offset(datum, moment) -%}
    {%- set year = 'year(' ~ datum ~ ')' -%}
    {#- The clocks change in the night: on the day itself the first moment is in the old time, the last in the new. -#}
    {%- set after, before = ('>', '<=') if moment == 'first' else ('>=', '<') -%}
    case
        when
            {{ year }} >= 1980
            and {{ datum }} {{ after }} case
                when {{ year }} = 1980 then date '1980-04-06' else {{ last_sunday(year, 3, 31) }}
            end
            and {{ datum }} {{ before }} case
                when {{ year }} >= 1996 then {{ last_sunday(year, 10, 31) }} else {{ last_sunday(year, 9, 30) }}
            end
            then '+02:00'
        else '+01:00'
    end
{%- endmacro %}


{#- The last Sunday of a month of so many days. -#}
{% macro last_sunday(year, month, days) -%}
    {%- set last_day = 'make_date(' ~ year ~ ', ' ~ month ~ ', ' ~ days ~ ')' -%}
    {{ last_day }} - {{ days_since_sunday(last_day) }}
{%- endmacro %}
