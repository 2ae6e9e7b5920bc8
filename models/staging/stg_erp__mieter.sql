{{ config(materialized='view', schema='staging') }}

with

mieter as (
    select * from {{ ref('base_erp__mieter') }}
),

living as (
    select
        {{ select_erp_columns('mieter') }},
        _zeile
    from mieter
    -- C6, C7, L1 to L3: rows that live and whose parents live
    where _rule is null
)

select * from living
