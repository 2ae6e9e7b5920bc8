{#- The checks that the contract makes of a mart (`macros/contracts/`), of the columns that are there. Returns a list. -#}
{% macro contract_checks(mart) %}
    {% set node = model_node(mart) %}
    {% set found = [] %}
    {#- By another name, as dbt looks for dispatches while it parses and can read none whose name is made. -#}
    {% set dispatched = adapter.dispatch %}
    {% for check in dispatched('contract_checks__' ~ mart, 'stammdaten')() if check.unless not in node.columns %}
        {% set columns = node.columns.values() | selectattr('name', 'in', check.columns) | list %}
        {% if columns | length == check.columns | length %}
            {% do found.append(dict(check, pii=columns | selectattr('meta.pii', 'defined') | list | length > 0)) %}
        {% endif %}
    {% endfor %}
    {% do return(found) %}
{% endmacro %}


{#- What dbt knows of a model: of the project in force, which may have one in the place of ours, of ours, or of a partner
    outside it. None where there is none, or it is off. -#}
{% macro model_node(name) %}
    {% for package in [project_name, 'stammdaten', name.split('__')[0]] %}
        {% set node = graph.nodes.get('model.' ~ package ~ '.' ~ name) %}
        {% if node %}
            {% do return(node) %}
        {% endif %}
    {% endfor %}
{% endmacro %}


{#- Condition: the partner would refuse the row. -#}
{% macro is_refused(checks) -%}
    {% for check in checks %}({{ check.condition }}){{ ' or ' if not loop.last }}{% else %}false{% endfor %}
{%- endmacro %}


{#- The rows of a mart that the partner would refuse: external_id and a list of findings (V3) as `quality.findings` has
    them; the value is masked where the column is personal. -#}
{% macro contract_refusals(mart, name, checks) -%}
    select
        external_id,
        list_filter(
            [
                {%- for check in checks %}
                case
                    when {{ check.condition }}
                        then {
                            'rule': 'V3',
                            'table_name': '{{ name }}',
                            'key': external_id,
                            'column_name': {{ sql_text(check.field) }},
                            'value': {{ mask(check.value) if check.pii else check.value }},
                            'partner': '{{ name.split("__")[0] }}',
                            'reason': {{ sql_text(check.says) }}
                        }
                end{{ ',' if not loop.last }}
                {%- endfor %}
            ],
            lambda one: one is not null
        ) as refused
    from {{ mart }}
    where {{ is_refused(checks) }}
{%- endmacro %}


{#- At the end of dbt's run: the findings (V3) of each mart that was compared with its contract. Where dbt does not run
    (pipelines/still_current/again.py) they are taken from the same test. -#}
{% macro note_refused_values(results) -%}
    {%- set compared, refused = [], [] -%}
    {%- for result in results if result.node.resource_type == 'test' and result.node.attached_node -%}
        {%- if result.node.test_metadata and result.node.test_metadata.name == 'fits_contract' -%}
            {#- The node that is named may be off: a project has a model of its own in the place of ours. -#}
            {%- do compared.append(model_node(result.node.attached_node.split('.')[-1]).name) -%}
            {%- do refused.append(result.node.compiled_code) if result.status in ['warn', 'fail'] -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set findings = model_node('findings') if compared -%}
    {%- if findings and adapter.get_relation(findings.database, findings.schema, findings.alias) -%}
        {%- set table = findings.schema ~ '.' ~ findings.alias -%}
        delete from {{ table }}
        where
            rule = 'V3'
            and table_name in ({% for mart in compared %}'{{ mart }}'{{ ', ' if not loop.last }}{% endfor %});
        {% for test in refused %}
        insert into {{ table }} by name select unnest(refused, max_depth := 2) from ({{ test }});
        {% endfor %}
    {%- endif -%}
{%- endmacro %}
