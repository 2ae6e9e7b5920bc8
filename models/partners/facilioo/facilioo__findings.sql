{{ config(enabled=partner_aktiv('facilioo'), schema='quality', materialized='view') }}

with

rules_of_all_partners as (
    {{ partner_findings(
        'facilioo',
        tables=[
            'wirtschaftseinheit',
            'gebaeude',
            'verwaltungseinheit',
            'mietvertrag',
            'mieter',
            'eigentuemervertrag',
            'eigentuemer',
        ],
        shared_id='vertrag_person_id'
    ) }}
),

unknown_projekte as (
    {{ facilioo_projekte_findings() }}
),

documents as (
    {{ document_findings('facilioo') }}
),

findings as (
    select * from rules_of_all_partners
    union all
    select * from unknown_projekte
    union all
    select * from documents
)

select * from findings
