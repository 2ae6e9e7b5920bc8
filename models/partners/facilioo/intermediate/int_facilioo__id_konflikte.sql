{{ config(enabled=partner_aktiv('facilioo')) }}

with

shared_ids as (
    {{ id_konflikte('facilioo', 'vertrag_person_id') }}
)

select * from shared_ids
