{{ config(enabled=partner_aktiv('spiribo')) }}

with

records_in_doubt as (
    {{ held_rows(
        'spiribo',
        entities={
            'gebaeude': ['gebaeude', 'building_of_lease'],
            'wohnungen': ['verwaltungseinheit', 'unit_of_lease'],
            'mieter': ['tenant'],
            'vertraege': ['mietvertrag', 'person_of_lease'],
        },
        also_in_mart={'vertraege': ['person_of_lease']},
        with_email={'mieter': ['tenant']},
        more=document_doubts('spiribo', 'dokumente'),
    ) }}
)

select * from records_in_doubt
