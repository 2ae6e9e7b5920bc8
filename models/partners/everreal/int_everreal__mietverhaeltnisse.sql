{{ config(enabled=partner_aktiv('everreal'), schema='intermediate', materialized='view') }}

{{ mietverhaeltnisse('everreal') }}
