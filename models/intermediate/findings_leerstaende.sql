{{ config(schema='quality', materialized='view') }}

with

erp_rows as (
    {{ base_findings(['leerstand']) }}
),

findings as (
    {{ with_partner_findings('erp_rows', tables=['leerstand']) }}
)

select * from findings
