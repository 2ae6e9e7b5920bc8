{{ config(enabled=partner_aktiv('immomio')) }}

{% set units = ref('int_immomio__verwaltungseinheiten') %}
{% set more = [refused_rows('immomio', 'verwaltungseinheiten', 'verwaltungseinheit', units)] %}
{% do more.extend(leerstand_doubts('immomio', 'leerstaende')) %}

with

records_in_doubt as (
    {{ held_rows(
        'immomio',
        entities={
            'wirtschaftseinheiten': ['wirtschaftseinheit'],
            'verwaltungseinheiten': ['verwaltungseinheit'],
            'leerstaende': ['verwaltungseinheit'],
        },
        more=more,
    ) }}
)

select * from records_in_doubt
