{{ config(materialized='view', schema='staging') }}

with

mietvertrag_ve as (
    select * from {{ ref('base_erp__mietvertrag_ve') }}
),

living as (
    select
        {{ select_erp_columns('mietvertrag_ve') }}
    from mietvertrag_ve
    -- C6, C7, L1 to L3: rows that live and whose parents live
    where _rule is null
)

select * from living
