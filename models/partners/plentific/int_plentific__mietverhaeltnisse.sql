{{ config(enabled=partner_aktiv('plentific'), schema='intermediate', materialized='view') }}

{{ mietverhaeltnisse('plentific') }}
