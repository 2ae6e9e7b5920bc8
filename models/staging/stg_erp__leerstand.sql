{{ config(materialized='view', schema='staging') }}

with

leerstand as (
    select * from {{ ref('base_erp__leerstand') }}
),

living as (
    select
        {{ select_erp_columns('leerstand') }}
    from leerstand
    -- C6, C7, L1 to L3: rows that live and whose parents live
    where _rule is null
)

select * from living
