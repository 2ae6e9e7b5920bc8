{{ config(enabled=partner_aktiv('plentific')) }}

with

records_in_doubt as (
    {{ held_rows(
        'plentific',
        entities={
            'objekte': ['gebaeude'],
            'unterobjekte': ['verwaltungseinheit'],
            'unterobjekte_mieter': ['mieter'],
            'unterobjekte_vermieter': ['owner'],
        },
        also_in_mart={'unterobjekte_vermieter': ['owner']},
        with_email={'unterobjekte_vermieter': ['owner']},
    ) }}
)

select * from records_in_doubt
