{{ config(enabled=partner_aktiv('facilioo'), schema='quality', materialized='view') }}
{{ facilioo_projekte_findings() }}

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
