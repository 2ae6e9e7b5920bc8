{{ config(enabled=partner_aktiv('everreal'), schema='intermediate') }}

{{ mietverhaeltnisse('everreal') }}
