{{ config(materialized='view', schema='staging') }}

with

mandant as (
    select * from {{ ref('base_erp__mandant') }}
),

living as (
    select
        {{ select_erp_columns('mandant') }}
    from mandant
    -- C6, C7, L1: rows that live
    where _rule is null
)

select * from living
