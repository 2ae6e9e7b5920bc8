{{ config(materialized='view', schema='staging') }}

with

archiv as (
    select * from {{ ref('base_erp__archiv') }}
),

living as (
    select
        {{ select_erp_columns('archiv') }}
    from archiv
    -- C6, C7, L1: rows that live
    where _rule is null
)

select * from living
