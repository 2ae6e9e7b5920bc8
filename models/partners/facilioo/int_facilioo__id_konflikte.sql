{{ config(enabled=partner_aktiv('facilioo'), schema='intermediate') }}

{{ id_konflikte('facilioo', 'vertrag_person_id') }}
