{{ config(enabled=partner_aktiv('etg24'), schema='intermediate') }}

{{ id_konflikte('etg24', 'vertrag_id') }}
