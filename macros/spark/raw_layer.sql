{#- At the beginning of a run on Spark: the raw layer as `python -m pipelines.engine` wrote it, and a note that this build
    has not come to its end. On DuckDB there is nothing to do. -#}
{% macro begin_on_engine() -%}
    {{ adapter.dispatch('begin_on_engine', 'stammdaten')() }}
{%- endmacro %}


{% macro default__begin_on_engine() -%}
{%- endmacro %}


{% macro spark__begin_on_engine() -%}
    {%- if execute and flags.WHICH in ['build', 'run', 'seed'] -%}
        {%- do check_spark_settings() -%}
        {%- do write_built('select cast(null as string) as model_schema, cast(null as string) as model,'
            ~ ' cast(null as bigint) as number_of_rows, cast(null as string) as noted where false') -%}
        {%- do run_query('create schema if not exists erp_raw') -%}
        {%- do run_query('create schema if not exists sync') -%}
        {%- for source in graph.sources.values() if source.package_name == 'stammdaten' -%}
            {%- do run_query('create or replace view erp_raw.' ~ source.name ~ ' as select * from parquet.`'
                ~ spark_folder() ~ '/raw/' ~ source.name ~ '.parquet`') -%}
        {%- endfor -%}
        {%- do run_query('create or replace view sync.forgotten as select * from parquet.`'
            ~ spark_folder() ~ '/raw/forgotten.parquet`') -%}
    {%- endif -%}
{%- endmacro %}


{#- Settings of the session without which Spark reads our SQL as something else. -#}
{% macro check_spark_settings() %}
    {% set needed = {
        'spark.sql.parser.escapedStringLiterals': 'false',
        'spark.sql.variable.substitute': 'false',
        'spark.sql.session.timeZone': 'UTC',
        'spark.sql.timestampType': 'TIMESTAMP_NTZ',
    } %}
    {% for name, value in needed.items() %}
        {% set found = run_query('set ' ~ name).rows[0][1] %}
        {% if found | lower != value | lower %}
            {{ exceptions.raise_compiler_error(name ~ ' of the Spark session is ' ~ found ~ '; it has to be ' ~ value) }}
        {% endif %}
    {% endfor %}
{% endmacro %}


{#- The folder that the raw layer is read from and the marts are written to, in a form that Spark takes. -#}
{% macro spark_folder() %}
    {% do return(env_var('STAMMDATEN_SPARK', env_var('STAMMDATEN_HOME', '.stammdaten') ~ '/spark')) %}
{% endmacro %}


{% macro write_built(rows) %}
    {% do run_query("insert overwrite directory '" ~ spark_folder() ~ "/built' using parquet " ~ as_spark_reads(rows)) %}
{% endmacro %}


{#- At the end of a run on Spark in which nothing failed: each table with the number of its rows and what it was built with.
    Who takes the marts compares all of it (pipelines/engine). -#}
{% macro end_on_engine(results) -%}
    {{ adapter.dispatch('end_on_engine', 'stammdaten')(results) }}
{%- endmacro %}


{% macro default__end_on_engine(results) -%}
    {{ note_refused_values(results) }}
{%- endmacro %}


{% macro spark__end_on_engine(results) -%}
    {%- set failed = results | rejectattr('status', 'in', ['success', 'pass', 'no-op']) | list -%}
    {%- if execute and flags.WHICH in ['build', 'run'] and not failed -%}
        {%- set rows = [] -%}
        {%- set load = run_query('select * from parquet.`' ~ spark_folder() ~ '/raw/load.parquet`').rows[0] -%}
        {%- set raw = {'load_id': load[0], 'forgotten': load[1], 'forgotten_hash': load[2]} -%}
        {#- Beside the marts what their tests ask: which Mandanten there are. -#}
        {%- for result in results if result.node.resource_type == 'model' -%}
            {%- set node = result.node -%}
            {%- if node.schema == 'partners' or node.name == 'base_erp__mandant' -%}
                {%- do rows.append("select '" ~ node.schema ~ "' as model_schema, '" ~ node.alias ~ "' as model, count(*) as number_of_rows, "
                    ~ sql_text(tojson(dict(settings_noted(node), raw=raw), sort_keys=true)) ~ ' as noted from ' ~ node.schema ~ '.' ~ node.alias) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- do write_built(rows | join(' union all ')) if rows -%}
    {%- endif -%}
{%- endmacro %}
