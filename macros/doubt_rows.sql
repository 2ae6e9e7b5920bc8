{#- Rows of `int_doubts` out of a relation that has the key columns of the level. `rule` and `reason` are SQL. -#}
{% macro doubt_rows(level, relation, rule, reason, table_name=level, is_incomplete=false, of_email=false) -%}
    {%- set key = doubt_levels()[level] -%}
    select
        '{{ level }}' as level,
        {%- for column in key_columns('verwaltungseinheit') + ['mv_nr', 'ev_nr', 'person_nr'] %}
        {{ relation ~ '.' ~ column if column in key else 'cast(null as string) as ' ~ column }},
        {%- endfor %}
        {{ relation }}.quelle_erp,
        {{ rule }} as rule,
        '{{ table_name }}' as table_name,
        {{ reason }} as reason,
        {{ is_incomplete | lower }} as is_incomplete,
        {{ of_email | lower }} as of_email
    from {{ relation }}
{%- endmacro %}


{#- Level → key of its rows; a tenant and an owner are named by contract and person, as partners know them. -#}
{% macro doubt_levels() %}
    {% do return({
        'wirtschaftseinheit': key_columns('wirtschaftseinheit'),
        'gebaeude': key_columns('gebaeude'),
        'verwaltungseinheit': key_columns('verwaltungseinheit'),
        'mietvertrag': key_columns('mietvertrag'),
        'mieter': record_key('mietvertrag', person=true),
        'eigentuemervertrag': key_columns('eigentuemervertrag'),
        'eigentuemer': record_key('eigentuemervertrag', person=true),
    }) %}
{% endmacro %}


{#- What stands in a column where it could not be read, or not in one way only (C3); NULL where it could. -#}
{% macro unread_value(row, column) -%}
    {%- set unread = list_filter(
        row ~ '._maengel',
        'mangel',
        "mangel.column_name = '" ~ column ~ "' and mangel.rule = 'C3' and mangel.reason is null",
    ) -%}
    {{ list_element(unread, 1) }}.value
{%- endmacro %}


{#- Whether one of a row's values was listed: of this column, by this rule (any, when not named). -#}
{% macro has_mangel(row, column, rule=none) -%}
    {{ list_has(
        row ~ '._maengel',
        'mangel',
        "mangel.column_name = '" ~ column ~ "'" ~ (" and mangel.rule = '" ~ rule ~ "'" if rule else ''),
    ) }}
{%- endmacro %}
