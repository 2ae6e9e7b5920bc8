{{ config(enabled=partner_aktiv('etg24'), schema='partners', materialized='view') }}

{{ departures(
    'etg24',
    entities={
        'objektgruppen': 'wirtschaftseinheit',
        'objekte': 'gebaeude',
        'objekt_adressen': 'gebaeude',
        'einheiten': 'verwaltungseinheit',
        'mietvertraege': 'mietvertrag',
        'mieter': 'mieter',
        'eigentuemervertraege': 'eigentuemervertrag',
        'eigentuemer': 'eigentuemer',
    },
) }}
