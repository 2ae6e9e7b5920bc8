{{ config(enabled=partner_aktiv('everreal'), schema='intermediate') }}

{{ eigentumsverhaeltnisse('everreal') }}
