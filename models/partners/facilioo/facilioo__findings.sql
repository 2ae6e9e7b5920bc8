{{ config(enabled=partner_aktiv('facilioo'), schema='quality', materialized='view') }}

{{ partner_findings(
    'facilioo',
    tabellen=[
        'wirtschaftseinheit',
        'gebaeude',
        'verwaltungseinheit',
        'mietvertrag',
        'mieter',
        'eigentuemervertrag',
        'eigentuemer',
    ],
    geteilte_id='vertrag_person_id'
) }}
{{ facilioo_projekte_findings() }}
