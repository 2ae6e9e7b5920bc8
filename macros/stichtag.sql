{% macro stichtag() -%}
    {%- set wert = (var('stichtag', none) if var('stichtag', none) is not none else '') | string | trim -%}
    {%- if wert == '' -%}
        {%- set tag = run_started_at.astimezone(modules.pytz.timezone(zeitzone())).date().isoformat() -%}
    {%- else -%}
        {%- if not modules.re.fullmatch('[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])', wert)
            or wert[:4] == '0000' -%}
            {{- _wrong_stichtag(wert) -}}
        {%- endif -%}
        {%- set erster = modules.datetime.date(wert[:4] | int, wert[5:7] | int, 1) -%}
        {%- set tag = (erster + modules.datetime.timedelta(days=(wert[8:] | int) - 1)).isoformat() -%}
        {%- if tag != wert -%}
            {{- _wrong_stichtag(wert) -}}
        {%- endif -%}
    {%- endif -%}
    date '{{ tag }}'
{%- endmacro %}

{% macro _wrong_stichtag(wert) -%}
    {{- exceptions.raise_compiler_error(
        "stichtag: '" ~ wert ~ "' is no date; allowed is YYYY-MM-DD or null (today in the time zone `zeitzone`), set in dbt_project.yml or --vars"
    ) -}}
{%- endmacro %}
