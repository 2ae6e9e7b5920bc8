{{ config(enabled=partner_aktiv('quis'), schema='partners', contract={'enforced': true}) }}

{% set refused = refused_rows('quis', 'exposes_als_property', 'gebaeude', ref('int_quis__gebaeude')) %}

{#- A property is the one unit of its Gebäude. -#}
{{ held_rows(
    'quis',
    entities={
        'objektgruppen': ['wirtschaftseinheit'],
        'exposes': ['gebaeude'],
        'exposes_als_property': ['gebaeude', 'building_of_unit'],
    },
    also_in_mart={'exposes_als_property': ['building_of_unit']},
    more=[refused],
) }}
