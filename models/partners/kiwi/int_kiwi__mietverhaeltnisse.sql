{{ config(enabled=partner_aktiv('kiwi'), schema='intermediate') }}

{{ mietverhaeltnisse('kiwi') }}
