{{ config(enabled=partner_aktiv('etg24'), schema='quality', materialized='view') }}

{{ partner_findings(
    'etg24',
    tabellen=[
        'wirtschaftseinheit',
        'gebaeude',
        'verwaltungseinheit',
        'mietvertrag',
        'mieter',
        'eigentuemervertrag',
        'eigentuemer',
    ],
    geteilte_id='vertrag_id'
) }}
{{ chosen_objekte_findings('etg24') }}
