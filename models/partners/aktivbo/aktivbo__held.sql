{{ config(enabled=partner_aktiv('aktivbo')) }}

{% set wohnungen = ref('int_aktivbo__wohnungen') %}
{% set refused = refused_rows('aktivbo', 'wohnungen', 'verwaltungseinheit', wohnungen) %}

with

records_in_doubt as (
    {{ held_rows(
        'aktivbo',
        entities={
            'wohnungen': ['verwaltungseinheit'],
            'mieter': ['mieter'],
        },
        with_email={'mieter': ['mieter']},
        more=[refused],
    ) }}
)

select * from records_in_doubt
