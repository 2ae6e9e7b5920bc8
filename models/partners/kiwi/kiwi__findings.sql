{{ config(enabled=partner_aktiv('kiwi'), schema='quality', materialized='view') }}

with

findings as (
    {{ partner_findings('kiwi', tables=['verwaltungseinheit', 'mietvertrag', 'mieter']) }}
)

select * from findings
