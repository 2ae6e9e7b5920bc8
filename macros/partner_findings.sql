{#- What a partner does not get by the rules that hold for every one, in the form of findings: a CTE a rule. -#}
{% macro partner_findings(partner, tables, shared_id=none) -%}
    {%- set origins = {
        'wirtschaftseinheit': ['stg_erp__wirtschaftseinheit', 'wirtschaftseinheit', false],
        'gebaeude': ['stg_erp__gebaeude', 'gebaeude', false],
        'verwaltungseinheit': ['stg_erp__verwaltungseinheit', 'verwaltungseinheit', false],
        'mietvertrag': ['int_mietvertraege', 'mietvertrag', false],
        'mieter': ['int_mieter', 'mietvertrag', true],
        'eigentuemervertrag': ['int_eigentuemervertraege', 'eigentuemervertrag', false],
        'eigentuemer': ['int_eigentuemer', 'eigentuemervertrag', true],
    } -%}
    {%- set rules = ['key_conflicts', 'contracts_without_persons'] -%}
    with

    key_conflicts as (
        {%- for table_name in tables %}
        {{ key_conflict_findings(partner, table_name, *origins[table_name]) | indent(8) }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ),

    contracts_without_persons as (
        {{ nobody_left_findings(partner, 'mietvertrag', 'int_mieter', 'mietvertrag') | indent(8) }}
        {%- if 'eigentuemer' in tables %}
        union all
        {{ nobody_left_findings(
            partner, 'eigentuemervertrag', 'int_eigentuemer', 'eigentuemervertrag'
        ) | indent(8) }}
        {%- endif %}
    )

    {%- if 'verwaltungseinheit' in tables and needs_gebaeude(partner) %}
    {%- do rules.append('units_without_gebaeude') %},

    units_without_gebaeude as (
        {{ ohne_gebaeude_findings(partner) | indent(8) }}
    )
    {%- endif %}

    {%- if shared_id %}
    {%- do rules.append('shared_ids') %},

    mietverhaeltnisse as (
        {{ mietverhaeltnisse(partner) | indent(8) }}
    ),

    eigentumsverhaeltnisse as (
        {{ eigentumsverhaeltnisse(partner) | indent(8) }}
    ),

    shared_ids as (
        {%- if shared_id == 'vertrag_id' %}
        {{ id_konflikt_findings(
            partner, 'mietvertrag', 'mietverhaeltnisse', 'mietvertrag', shared_id
        ) | indent(8) }}
        union all
        {{ id_konflikt_findings(
            partner, 'eigentuemervertrag', 'eigentumsverhaeltnisse', 'eigentuemervertrag', shared_id
        ) | indent(8) }}
        union all
        {%- endif %}
        {{ id_konflikt_findings(
            partner, 'mieter', 'mietverhaeltnisse', 'mietvertrag', shared_id, person=true
        ) | indent(8) }}
        union all
        {{ id_konflikt_findings(
            partner, 'eigentuemer', 'eigentumsverhaeltnisse', 'eigentuemervertrag', shared_id, person=true
        ) | indent(8) }}
    )
    {%- endif %}

    {% for rule in rules -%}
    select * from {{ rule }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
{%- endmacro %}
