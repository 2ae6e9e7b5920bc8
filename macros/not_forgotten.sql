{% macro not_forgotten(columns) -%}
    {%- set persons = {'person_nr': 'true', 'bezug_key': "upper(bezug_art) = 'PERSON'"} -%}
    {%- set found = columns | select('in', persons) | list -%}
    {%- if found and anybody_forgotten() -%}
    {%- set forgotten = api.Relation.create(database=target.database, schema='sync', identifier='forgotten') -%}
    where
        {%- for column in found %}
        {{ 'and ' if not loop.first }}(
            {{ column }} is null
            or not {{ persons[column] }}
            or sha256((select any_value(salt) from {{ forgotten }}) || {{ column }})
            not in (select digest from {{ forgotten }})
        )  -- forgotten persons
        {%- endfor %}
    {%- endif -%}
{%- endmacro %}


{#- Whether there is anybody to leave out; on the first build the table is not there. -#}
{% macro anybody_forgotten() %}
    {% if not execute or adapter.get_relation(target.database, 'sync', 'forgotten') is none %}
        {% do return(false) %}
    {% endif %}
    {% set counted = run_query('select count(*) as anzahl from ' ~ target.database ~ '.sync.forgotten') %}
    {% do return(counted.columns[0].values()[0] > 0) %}
{% endmacro %}
