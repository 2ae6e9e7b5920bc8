{{ config(enabled=partner_aktiv('immomio')) }}

{% set units = ref('int_immomio__verwaltungseinheiten') %}
{% set more = [refused_rows('immomio', 'verwaltungseinheiten', 'verwaltungseinheit', units)] %}
{#- LE2: a rent of nothing says for sure that there is no offer. -#}
{% do more.extend(leerstand_doubts('immomio', 'leerstaende', unless='ohne_miete is not null')) %}

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
