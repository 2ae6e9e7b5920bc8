{{ config(enabled=partner_aktiv('etg24')) }}

{% set shared_ids = shared_id_rows('mietvertraege', ref('int_etg24__id_konflikte')) %}

with

records_in_doubt as (
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
)

select * from records_in_doubt
