{{ config(enabled=partner_aktiv('casavi'), schema='intermediate') }}

{{ id_konflikte('casavi', 'vertrag_person_id') }}
