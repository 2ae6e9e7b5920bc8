{{ config(enabled=partner_aktiv('wohnungshelden')) }}

{#- Both channels hold the same objects, whatever the setting kanal says today. -#}
{% set more = leerstand_doubts('wohnungshelden', 'leerstaende') %}
{% do more.extend(leerstand_doubts('wohnungshelden', 'leerstaende_openimmo')) %}

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
