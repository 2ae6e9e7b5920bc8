{% macro not_forgotten(spalten) -%}
    {%- set personen = {'person_nr': 'true', 'bezug_key': "upper(bezug_art) = 'PERSON'"} -%}
    {%- set gefunden = spalten | select('in', personen) | list -%}
    {%- if gefunden and anybody_forgotten() -%}
    {%- set vergessen = api.Relation.create(database=target.database, schema='sync', identifier='forgotten') -%}
    where
        {%- for spalte in gefunden %}
        {{ 'and ' if not loop.first }}(
            {{ spalte }} is null
            or not {{ personen[spalte] }}
            or sha256((select any_value(salt) from {{ vergessen }}) || {{ spalte }})
            not in (select digest from {{ vergessen }})
        )  -- forgotten persons
        {%- endfor %}
    {%- endif -%}
{%- endmacro %}


{#- Whether there is anybody to leave out; on the first build the table is not there. -#}
{% macro anybody_forgotten() %}
    {% if not execute or adapter.get_relation(target.database, 'sync', 'forgotten') is none %}
        {% do return(false) %}
    {% endif %}
    {% set gezaehlt = run_query('select count(*) as anzahl from ' ~ target.database ~ '.sync.forgotten') %}
    {% do return(gezaehlt.columns[0].values()[0] > 0) %}
{% endmacro %}
