{{ config(enabled=partner_aktiv('plentific'), schema='quality', materialized='view') }}

with

findings as (
    {{ partner_findings(
        'plentific',
        tables=[
            'gebaeude',
            'verwaltungseinheit',
            'mietvertrag',
            'mieter',
            'eigentuemervertrag',
            'eigentuemer',
        ]
    ) }}
)

select * from findings
