{{ config(enabled=partner_aktiv('kiwi'), schema='partners', contract={'enforced': true}) }}

{{ held_rows(
    'kiwi',
    entities={
        'verwaltungseinheiten': ['verwaltungseinheit'],
        'mieter': ['tenant'],
        'mietvertraege': ['mieter'],
    },
) }}
