{{ config(enabled=partner_aktiv('immomio')) }}

{% set units = ref('int_immomio__verwaltungseinheiten') %}
{% set refused = refused_rows('immomio', 'verwaltungseinheiten', 'verwaltungseinheit', units) %}

with

records_in_doubt as (
    {{ held_rows(
        'immomio',
        entities={
            'wirtschaftseinheiten': ['wirtschaftseinheit'],
            'verwaltungseinheiten': ['verwaltungseinheit'],
        },
        more=[refused],
    ) }}
)

select * from records_in_doubt
