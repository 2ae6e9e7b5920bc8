{{ config(schema='quality', materialized='view') }}

with

erp_rows as (
    {{ base_findings(['archiv', 'dokument', 'ordner']) }}
),

findings as (
    {{ with_partner_findings('erp_rows', tables=['archiv', 'dokument', 'ordner']) }}
)

select * from findings
