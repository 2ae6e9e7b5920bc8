{% macro zeitzone() -%}
    {%- set wert = var('zeitzone', none) or 'Europe/Berlin' -%}
    {%- if wert not in modules.pytz.all_timezones_set -%}
        {{- exceptions.raise_compiler_error(
            "zeitzone: '" ~ wert ~ "' is no time zone; write it as Europe/Berlin, set in dbt_project.yml or --vars"
        ) -}}
    {%- endif -%}
    {{ wert }}
{%- endmacro %}
