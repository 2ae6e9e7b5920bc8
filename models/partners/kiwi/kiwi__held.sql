{{ config(enabled=partner_aktiv('kiwi')) }}

with

records_in_doubt as (
    {{ held_rows(
        'kiwi',
        entities={
            'verwaltungseinheiten': ['verwaltungseinheit'],
            'mieter': ['tenant'],
            'mietvertraege': ['mieter'],
        },
    ) }}
)

select * from records_in_doubt
