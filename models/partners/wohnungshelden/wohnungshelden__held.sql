{{ config(enabled=partner_aktiv('wohnungshelden')) }}

{#- Both channels hold the same objects, whatever the setting kanal says today. -#}
{% set more = [] %}
{% for entity in ['leerstaende', 'leerstaende_openimmo'] %}
    {% do more.extend(leerstand_doubts('wohnungshelden', entity)) %}
{% endfor %}

with

records_in_doubt as (
    {{ held_rows(
        'wohnungshelden',
        entities={
            'leerstaende': ['verwaltungseinheit'],
            'leerstaende_openimmo': ['verwaltungseinheit'],
        },
        more=more,
    ) }}
)

select * from records_in_doubt
