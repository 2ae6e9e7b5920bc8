{{ config(schema='quality', materialized='view') }}

with

findings as (
    {{ use_case_findings(['archiv', 'dokument', 'ordner']) }}
)

select * from findings
