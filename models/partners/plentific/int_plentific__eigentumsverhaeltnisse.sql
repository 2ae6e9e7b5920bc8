{{ config(enabled=partner_aktiv('plentific'), schema='intermediate') }}

{{ eigentumsverhaeltnisse('plentific') }}
