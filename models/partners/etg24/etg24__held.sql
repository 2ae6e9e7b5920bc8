{{ config(enabled=partner_aktiv('etg24'), schema='partners', contract={'enforced': true}) }}

{% set shared_ids -%}
    {{ held_row('mietvertraege', 'external_id', "'I6'", 'mietvertrag', "'two contracts arrive at this id'") }}
    from {{ ref('int_etg24__id_konflikte') }}
{%- endset %}

{{ held_rows(
    'etg24',
    entities={
        'objektgruppen': ['wirtschaftseinheit'],
        'objekte': ['gebaeude'],
        'objekt_adressen': ['gebaeude'],
        'einheiten': ['verwaltungseinheit'],
        'mietvertraege': ['mietvertrag'],
        'mieter': ['mieter'],
        'eigentuemervertraege': ['eigentuemervertrag'],
        'eigentuemer': ['eigentuemer'],
    },
    with_email={'eigentuemer': ['eigentuemer']},
    more=[shared_ids],
) }}
