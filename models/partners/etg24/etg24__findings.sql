{{ config(enabled=partner_aktiv('etg24'), schema='quality', materialized='view') }}

with

rules_of_all_partners as (
    {{ partner_findings(
        'etg24',
        tables=[
            'wirtschaftseinheit',
            'gebaeude',
            'verwaltungseinheit',
            'mietvertrag',
            'mieter',
            'eigentuemervertrag',
            'eigentuemer',
        ],
        shared_id='vertrag_id'
    ) }}
),

objects_left_out as (
    {{ chosen_objekte_findings('etg24') }}
),

findings as (
    select * from rules_of_all_partners
    union all
    select * from objects_left_out
)

select * from findings
