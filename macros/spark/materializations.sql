{#- Tables and views of models on Spark. What a push reads (schema partners) is always a table: it is taken from its
    Parquet files. -#}
{% materialization table, adapter='spark', supported_languages=['sql'] %}
    {{ return(make_on_spark('table')) }}
{% endmaterialization %}


{% materialization view, adapter='spark' %}
    {{ return(make_on_spark('table' if model.schema == 'partners' else 'view')) }}
{% endmaterialization %}


{% macro make_on_spark(kind) %}
    {%- set target = this.incorporate(type=kind) -%}
    {{ run_hooks(pre_hooks) }}
    {%- if kind == 'table' -%}
        {%- call statement('drop') -%} drop table if exists {{ target }} {%- endcall -%}
    {%- endif -%}
    {%- call statement('main') -%}
        {{ 'create table ' ~ target ~ ' using parquet' if kind == 'table' else 'create or replace view ' ~ target }} as
        {{ as_spark_reads(compiled_code) }}
    {%- endcall -%}
    {{ run_hooks(post_hooks) }}
    {% do return({'relations': [target]}) %}
{% endmacro %}


{#- Our SQL as Spark reads it, whatever its ANSI mode is (dbt-spark turns that off in each statement): names in backquotes,
    and in values a backslash and a quote behind a backslash. Comments stay as they are. -#}
{% macro as_spark_reads(sql) %}
    {% set parts = [] %}
    {% for part in modules.re.split("('(?:[^']|'')*'|--[^\n]*)", sql) %}
        {% if part.startswith("'") %}
            {% do parts.append("'" ~ part[1:-1] | replace('\\', '\\\\') | replace("''", "\\'") ~ "'") %}
        {% else %}
            {% do parts.append(part if part.startswith('--') else part | replace('"', '`')) %}
        {% endif %}
    {% endfor %}
    {% do return(parts | join) %}
{% endmacro %}


{#- Seeds on Spark: one statement, an empty cell is NULL. -#}
{% materialization seed, adapter='spark' %}
    {%- set seed = load_agate_table() -%}
    {%- do store_result('agate_table', response='OK', agate_table=seed) -%}
    {%- set types = model.config.get('column_types', {}) -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- call statement('drop') -%} drop table if exists {{ target }} {%- endcall -%}
    {%- set rows -%}
        select
            {%- for column in seed.column_names %}
            {%- set type = types.get(column, adapter.convert_type(seed, loop.index0)) %}
            cast({{ column }} as {{ 'string' if type == 'varchar' else type }}) as {{ column }}{{ ',' if not loop.last }}
            {%- endfor %}
        from values
            {%- for row in seed.rows %}
            ({% for value in row %}{{ sql_text(none if value is none else value | string) }}{{ ', ' if not loop.last }}{% endfor %})
            {{- ',' if not loop.last }}
            {%- endfor %}
            as seed ({{ seed.column_names | join(', ') }})
    {%- endset -%}
    {%- call statement('main') -%}
        create table {{ target }} using parquet as
        {{ as_spark_reads(rows) }}
    {%- endcall -%}
    {% do return({'relations': [target]}) %}
{% endmaterialization %}
