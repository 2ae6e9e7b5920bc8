{{ config(schema='quality', materialized='view') }}

with

findings as (
    {{ use_case_findings(['leerstand']) }}
)

select * from findings
