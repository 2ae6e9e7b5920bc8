{#- The moment of a text in ISO form without a zone, and of one with a zone as the clocks of `zeitzone` show it. -#}
{% macro moment_of_text(iso) -%}
    {{ (default__moment_of_text if target.type == 'duckdb' else adapter.dispatch('moment_of_text', 'stammdaten'))(iso) }}
{%- endmacro %}


{% macro default__moment_of_text(iso) -%}
    try_cast({{ iso }} as timestamp)
{%- endmacro %}


{#- Spark takes one blank before the time, a fraction of six digits, and no 24:00, which is 00:00 of the next day. -#}
{% macro spark__moment_of_text(iso) -%}
    case
        when regexp_like({{ iso }}, '[T ]24:00(?::00(?:[.]0+)?)?\z')
            then try_cast(left({{ iso }}, 10) as timestamp_ntz) + interval '1' day
        else try_cast(regexp_replace(regexp_replace({{ iso }}, ' +', ' '), '([.][0-9]{6})[0-9]+', '$1') as timestamp_ntz)
    end
{%- endmacro %}


{% macro local_moment_of_text(iso) -%}
    {{ (default__local_moment_of_text if target.type == 'duckdb' else adapter.dispatch('local_moment_of_text', 'stammdaten'))(iso) }}
{%- endmacro %}


{% macro default__local_moment_of_text(iso) -%}
    {{ let('moment', "try_cast(regexp_replace(upper(" ~ iso ~ "), ' ([Z+-])', '\\1') as timestamptz)", local_time('moment')) }}
{%- endmacro %}


{#- In UTC first: a moment with a zone depends on the session, one without does not. -#}
{% macro spark__local_moment_of_text(iso) -%}
    {%- set zone = "(Z|[+-][0-9]{2}(?::?[0-9]{2})?)$" -%}
    {%- set plain = "regexp_replace(upper(" ~ iso ~ "), ' *" ~ zone ~ "', '')" -%}
    {%- set offset = "regexp_extract(upper(" ~ iso ~ "), '([+-][0-9]{2}):?([0-9]{2})?$', " -%}
    {%- set minutes = "coalesce(try_cast(" ~ offset ~ "1) as int), 0) * 60 + if(left(" ~ offset ~ "1), 1) = '-', -1, 1)"
        ~ " * coalesce(try_cast(" ~ offset ~ "2) as int), 0)" -%}
    {{ let(
        'moment',
        "try_cast(" ~ moment_of_text(plain) ~ " - make_dt_interval(0, 0, " ~ minutes ~ ") as timestamp_ntz)",
        local_time('moment'),
    ) }}
{%- endmacro %}


{#- A moment as the clocks of `zeitzone` show it. Before there were time zones, programs reckon with the usual offset. -#}
{% macro local_time(moment) -%}
    {{ (default__local_time if target.type == 'duckdb' else adapter.dispatch('local_time', 'stammdaten'))(moment) }}
{%- endmacro %}


{% macro default__local_time(moment) -%}
    case
        when {{ moment }} < timestamptz '1900-01-01 00:00:00+00'
            then timezone('UTC', {{ moment }})
                + (timezone('{{ zeitzone() }}', timestamptz '1970-01-01 00:00:00+00') - timestamp '1970-01-01')
        else timezone('{{ zeitzone() }}', {{ moment }})
    end
{%- endmacro %}


{#- The moment is one of UTC. -#}
{% macro spark__local_time(moment) -%}
    {%- set epoch = "timestamp_ntz '1970-01-01 00:00:00'" -%}
    case
        when {{ moment }} < timestamp_ntz '1900-01-01 00:00:00'
            then {{ moment }} + (convert_timezone('UTC', '{{ zeitzone() }}', {{ epoch }}) - {{ epoch }})
        else convert_timezone('UTC', '{{ zeitzone() }}', {{ moment }})
    end
{%- endmacro %}
