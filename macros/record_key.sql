{% macro record_key(level, person=false, table=none) %}
    {% set columns = key_columns(level) + (['person_nr'] if person else []) %}
    {% set key = [] %}
    {% for column in columns %}
        {% do key.append(table ~ '.' ~ column if table else column) %}
    {% endfor %}
    {% do return(key) %}
{% endmacro %}
