{{ config(enabled=partner_aktiv('everreal'), schema='intermediate', materialized='view') }}

{{ eigentumsverhaeltnisse('everreal') }}
