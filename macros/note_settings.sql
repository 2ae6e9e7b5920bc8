{#- Writes the settings that shaped a model on it, as its comment. A plan belongs to its build: pipelines/commands/built.py
    compares them with those in force. -#}
{% macro note_settings() -%}
    {{ (default__note_settings if target.type == 'duckdb' else adapter.dispatch('note_settings', 'stammdaten'))() }}
{%- endmacro %}


{% macro default__note_settings() -%}
    {%- set kind = 'view' if model.config.materialized == 'view' else 'table' -%}
    comment on {{ kind }} {{ this }} is '{{ tojson(settings_noted(model), sort_keys=true) | replace("'", "''") }}'
{%- endmacro %}


{#- On Spark all of them are written at the end (end_on_engine). -#}
{% macro spark__note_settings() -%}
{%- endmacro %}


{#- The settings that shaped a model. -#}
{% macro settings_noted(node) %}
    {%- set noted = {
        'built_at': run_started_at.isoformat(),
        'stichtag': modules.re.search('[0-9]{4}-[0-9]{2}-[0-9]{2}', stichtag())[0],
        'vars': {},
        'partner': none,
    } -%}
    {%- for name in row_vars() -%}
        {%- do noted.vars.update({name: var(name, none)}) -%}
    {%- endfor -%}
    {#- A model lies in the folder of its partner, and for a partner outside the project in the package of it. -#}
    {%- for folder in node.fqn[:2] if folder in alle_partner() -%}
        {%- do noted.update({'partner': var('partners', {}).get(folder)}) -%}
    {%- endfor -%}
    {% do return(noted) %}
{% endmacro %}


{#- The vars that shape rows, but for stichtag and partners, which are noted by themselves. -#}
{% macro row_vars() %}
    {% do return(['quelle_erp', 'zeitzone', 'max_dokument_bytes']) %}
{% endmacro %}
