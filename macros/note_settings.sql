{#- Writes the settings that shaped a model on it, as its comment. A plan belongs to its build: pipelines/commands/built.py
    compares them with those in force. -#}
{% macro note_settings() -%}
    {%- set kind = 'view' if model.config.materialized == 'view' else 'table' -%}
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
    {%- for folder in model.fqn[:2] if folder in alle_partner() -%}
        {%- do noted.update({'partner': var('partners', {}).get(folder)}) -%}
    {%- endfor -%}
    comment on {{ kind }} {{ this }} is '{{ tojson(noted, sort_keys=true) | replace("'", "''") }}'
{%- endmacro %}


{#- The vars that shape rows, but for stichtag and partners, which are noted by themselves. -#}
{% macro row_vars() %}
    {% do return(['quelle_erp', 'zeitzone', 'max_dokument_bytes']) %}
{% endmacro %}
