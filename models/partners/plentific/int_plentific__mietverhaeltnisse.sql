{{ config(enabled=partner_aktiv('plentific'), schema='intermediate') }}

{{ mietverhaeltnisse('plentific') }}
