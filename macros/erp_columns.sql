{% macro erp_columns(tabelle) %}
    {% set columns = {} %}
    {% if execute %}
        {% for column in erp_table(tabelle).columns.values() %}
            {% do columns.update({column.name: erp_column_type(tabelle, column)}) %}
        {% endfor %}
    {% endif %}
    {% do return(columns) %}
{% endmacro %}


{#- The type of a column (`meta: {typ: …}`), or an error that says where to mend it. -#}
{% macro erp_column_type(tabelle, column) %}
    {% set types = [
        'text', 'wort', 'land', 'land(DE)', 'datum', 'zeitstempel', 'wahrheitswert', 'sperre', 'jahr', 'ganzzahl',
        'ganzzahl(bigint)', 'dezimalzahl(10, 2)'
    ] %}
    {% set typ = column.meta.get('typ') %}
    {% set known = typ is string and (typ in types or modules.re.fullmatch('land[(][A-Z]{2}[)]|dezimalzahl[(][1-9][0-9]?, [0-9][)]', typ)) %}
    {% if not known %}
        {% do exceptions.raise_compiler_error(
            'models/staging/_erp_raw.yml: ' ~ tabelle ~ '.' ~ column.name
            ~ (': unknown type ' ~ typ if typ is not none else ': no type')
            ~ '; write meta: {typ: …} with one of ' ~ types | join(', ')
        ) %}
    {% endif %}
    {% do return(typ) %}
{% endmacro %}


{#- The columns of an ERP table as a select lists them. -#}
{% macro select_erp_columns(tabelle) -%}
    {{ erp_columns(tabelle) | join(',\n        ') }}
{%- endmacro %}
