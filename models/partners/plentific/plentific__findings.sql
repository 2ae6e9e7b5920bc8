{{ config(enabled=partner_aktiv('plentific'), schema='quality', materialized='view') }}

{{ partner_findings(
    'plentific',
    tabellen=[
        'gebaeude',
        'verwaltungseinheit',
        'mietvertrag',
        'mieter',
        'eigentuemervertrag',
        'eigentuemer',
    ]
) }}
