{% macro stichtag() -%}
    {%- set value = (var('stichtag', none) if var('stichtag', none) is not none else '') | string | trim -%}
    {%- if value == '' -%}
        {%- set day = run_started_at.astimezone(modules.pytz.timezone(zeitzone())).date().isoformat() -%}
    {%- else -%}
        {%- if not modules.re.fullmatch('[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])', value)
            or value[:4] == '0000' -%}
            {{- _wrong_stichtag(value) -}}
        {%- endif -%}
        {%- set first = modules.datetime.date(value[:4] | int, value[5:7] | int, 1) -%}
        {%- set day = (first + modules.datetime.timedelta(days=(value[8:] | int) - 1)).isoformat() -%}
        {%- if day != value -%}
            {{- _wrong_stichtag(value) -}}
        {%- endif -%}
    {%- endif -%}
    date '{{ day }}'
{%- endmacro %}

{% macro _wrong_stichtag(value) -%}
    {{- exceptions.raise_compiler_error(
        "stichtag: '" ~ value ~ "' is no date; allowed is YYYY-MM-DD or null (today in the time zone `zeitzone`), set in dbt_project.yml or --vars"
    ) -}}
{%- endmacro %}
