{{ config(enabled=partner_aktiv('kiwi'), schema='intermediate', materialized='view') }}

{{ mietverhaeltnisse('kiwi') }}
