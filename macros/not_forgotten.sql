{% macro not_forgotten(columns) -%}
    {%- set persons = {'person_nr': 'true', 'bezug_key': "upper(bezug_art) = 'PERSON'"} -%}
    {%- set found = columns | select('in', persons) | list -%}
    {%- if found and anybody_forgotten() -%}
    {%- set forgotten = api.Relation.create(database=database_of_target(), schema='sync', identifier='forgotten') -%}
    where
        {%- for column in found %}
        {{ 'and ' if not loop.first }}(
            {{ column }} is null
            or not {{ persons[column] }}
            or {{ sha256_of('(select ' ~ any_value('salt') ~ ' from ' ~ forgotten ~ ') || ' ~ column) }}
            not in (select digest from {{ forgotten }})
        )  -- forgotten persons
        {%- endfor %}
    {%- endif -%}
{%- endmacro %}


{#- Whether there is anybody to leave out; on the first build the table is not there. -#}
{% macro anybody_forgotten() %}
    {% set forgotten = adapter.get_relation(database_of_target(), 'sync', 'forgotten') if execute %}
    {% if not forgotten %}
        {% do return(false) %}
    {% endif %}
    {% set counted = run_query('select count(*) as anzahl from ' ~ forgotten) %}
    {% do return(counted.columns[0].values()[0] > 0) %}
{% endmacro %}


{#- Spark has no level above the schema. -#}
{% macro database_of_target() %}
    {% do return(target.database if target.type == 'duckdb' else none) %}
{% endmacro %}
