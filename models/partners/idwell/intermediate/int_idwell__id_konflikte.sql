{{ config(enabled=partner_aktiv('idwell')) }}

with

shared_ids as (
    {{ id_konflikte(
        'idwell',
        'vertrag_person_id',
        mietverhaeltnisse_von=ref('int_idwell__mietverhaeltnisse'),
        eigentumsverhaeltnisse_von=ref('int_idwell__eigentumsverhaeltnisse')
    ) }}
)

select * from shared_ids
