{{ config(enabled=partner_aktiv('etg24')) }}

with

shared_ids as (
    {{ id_konflikte('etg24', 'vertrag_id') }}
)

select * from shared_ids
