{{ config(enabled=partner_aktiv('immomio')) }}

with

records_in_doubt as (
    {{ held_rows(
        'immomio',
        entities={
            'wirtschaftseinheiten': ['wirtschaftseinheit'],
            'verwaltungseinheiten': ['verwaltungseinheit'],
        },
    ) }}
)

select * from records_in_doubt
