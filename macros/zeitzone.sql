{% macro zeitzone() -%}
    {%- set value = var('zeitzone', none) or 'Europe/Berlin' -%}
    {%- if value not in modules.pytz.all_timezones_set -%}
        {{- exceptions.raise_compiler_error(
            "zeitzone: '" ~ value ~ "' is no time zone; write it as Europe/Berlin, set in dbt_project.yml or --vars"
        ) -}}
    {%- endif -%}
    {{ value }}
{%- endmacro %}
