{% macro partner_findings(partner, tabellen, geteilte_id=none) -%}
    {%- set quellen = {
        'wirtschaftseinheit': ['stg_erp__wirtschaftseinheit', 'wirtschaftseinheit', false],
        'gebaeude': ['stg_erp__gebaeude', 'gebaeude', false],
        'verwaltungseinheit': ['stg_erp__verwaltungseinheit', 'verwaltungseinheit', false],
        'mietvertrag': ['int_mietvertraege', 'mietvertrag', false],
        'mieter': ['int_mieter', 'mietvertrag', true],
        'eigentuemervertrag': ['int_eigentuemervertraege', 'eigentuemervertrag', false],
        'eigentuemer': ['int_eigentuemer', 'eigentuemervertrag', true],
    } -%}
    {%- if geteilte_id -%}
with

mietverhaeltnisse as (
    {{ mietverhaeltnisse(partner) }}
),

eigentumsverhaeltnisse as (
    {{ eigentumsverhaeltnisse(partner) }}
),

id_konflikte as (
    select * from {{ ref('int_' ~ partner ~ '__id_konflikte') }}
)

{% endif -%}
    {%- for tabelle in tabellen %}
{{ key_conflict_findings(partner, tabelle, *quellen[tabelle]) }}
{{ 'union all' if not loop.last }}
    {%- endfor %}
{%- if 'verwaltungseinheit' in tabellen and needs_gebaeude(partner) %}
union all
{{ ohne_gebaeude_findings(partner) }}
{%- endif %}
union all
{{ nobody_left_findings(partner, 'mietvertrag', 'int_mieter', 'mietvertrag') }}
    {%- if 'eigentuemer' in tabellen %}
union all
{{ nobody_left_findings(partner, 'eigentuemervertrag', 'int_eigentuemer', 'eigentuemervertrag') }}
    {%- endif %}
    {%- if geteilte_id %}
        {%- if geteilte_id == 'vertrag_id' %}
union all
{{ id_konflikt_findings(partner, 'mietvertrag', 'mietverhaeltnisse', 'mietvertrag', geteilte_id) }}
union all
{{ id_konflikt_findings(
    partner, 'eigentuemervertrag', 'eigentumsverhaeltnisse', 'eigentuemervertrag', geteilte_id
) }}
        {%- endif %}
union all
{{ id_konflikt_findings(partner, 'mieter', 'mietverhaeltnisse', 'mietvertrag', geteilte_id, person=true) }}
union all
{{ id_konflikt_findings(
    partner, 'eigentuemer', 'eigentumsverhaeltnisse', 'eigentuemervertrag', geteilte_id, person=true
) }}
    {%- endif %}
{%- endmacro %}
