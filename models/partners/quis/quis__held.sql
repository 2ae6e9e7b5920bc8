{{ config(enabled=partner_aktiv('quis')) }}

{% set refused = refused_rows('quis', 'exposes_als_property', 'gebaeude', ref('int_quis__gebaeude')) %}

{#- A property is the one unit of its Gebäude. -#}
with

records_in_doubt as (
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
)

select * from records_in_doubt
