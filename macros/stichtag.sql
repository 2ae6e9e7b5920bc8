{% macro stichtag() -%}
    {#- The commands of stammdaten name the day in the environment: with another value of a var, dbt reads the whole project anew. -#}
    {%- set given = env_var('STAMMDATEN_STICHTAG', '') if execute else '' -%}
    {%- set value = given or (var('stichtag', none) if var('stichtag', none) is not none else '') | string | trim -%}
    {%- if value == '' -%}
        {%- set day = run_started_at.astimezone(modules.pytz.timezone(zeitzone())).date().isoformat() -%}
    {%- else -%}
        {%- if not is_iso_date(value) -%}
            {{- _wrong_stichtag(value) -}}
        {%- endif -%}
        {%- set day = value -%}
    {%- endif -%}
    {#- By the mark it is found again in SQL that is run on another day (pipelines/still_current/statements.py). -#}
    date '{{ day }}' /* stichtag */
{%- endmacro %}

{% macro _wrong_stichtag(value) -%}
    {{- exceptions.raise_compiler_error(
        "stichtag: '" ~ value ~ "' is no date; allowed is YYYY-MM-DD or null (today in the time zone `zeitzone`), set in dbt_project.yml or --vars"
    ) -}}
{%- endmacro %}


{#- Whether a text is a day that there is, as 2026-01-31. -#}
{% macro is_iso_date(value) %}
    {% if not modules.re.fullmatch('[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])', value) or value[:4] == '0000' %}
        {% do return(false) %}
    {% endif %}
    {% set first = modules.datetime.date(value[:4] | int, value[5:7] | int, 1) %}
    {% do return((first + modules.datetime.timedelta(days=(value[8:] | int) - 1)).isoformat() == value) %}
{% endmacro %}
