{% macro erp_columns(table_name) %}
    {% set columns = {} %}
    {% if execute %}
        {% for column in erp_table(table_name).columns.values() %}
            {% do columns.update({column.name: erp_column_type(table_name, column)}) %}
        {% endfor %}
    {% endif %}
    {% do return(columns) %}
{% endmacro %}


{#- The type of a column (`meta: {typ: …}`), or an error that says where to mend it. -#}
{% macro erp_column_type(table_name, column) %}
    {% set types = [
        'text', 'wort', 'land', 'land(DE)', 'datum', 'zeitstempel', 'wahrheitswert', 'sperre', 'jahr', 'ganzzahl',
        'ganzzahl(bigint)', 'dezimalzahl(10, 2)'
    ] %}
    {% set type = column.meta.get('typ') %}
    {% set known = type is string and (type in types or modules.re.fullmatch('land[(][A-Z]{2}[)]|dezimalzahl[(][1-9][0-9]?, [0-9][)]', type)) %}
    {% if not known %}
        {% do exceptions.raise_compiler_error(
            'models/staging/_erp_raw.yml: ' ~ table_name ~ '.' ~ column.name
            ~ (': unknown type ' ~ type if type is not none else ': no type')
            ~ '; write meta: {typ: …} with one of ' ~ types | join(', ')
        ) %}
    {% endif %}
    {% do return(type) %}
{% endmacro %}


{#- The columns of an ERP table as a select lists them. -#}
{% macro select_erp_columns(table_name) -%}
    {{ erp_columns(table_name) | join(',\n        ') }}
{%- endmacro %}
