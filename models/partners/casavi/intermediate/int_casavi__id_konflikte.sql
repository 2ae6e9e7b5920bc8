{{ config(enabled=partner_aktiv('casavi')) }}

with

shared_ids as (
    {{ id_konflikte(
        'casavi',
        'vertrag_person_id',
        mietverhaeltnisse_von=ref('int_casavi__mietverhaeltnisse'),
        eigentumsverhaeltnisse_von=ref('int_casavi__eigentumsverhaeltnisse')
    ) }}
)

select * from shared_ids
