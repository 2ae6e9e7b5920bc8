{{ config(materialized='view', schema='staging') }}

with

interessent as (
    select * from {{ ref('base_erp__interessent') }}
),

living as (
    select
        {{ select_erp_columns('interessent') }}
    from interessent
    -- C6, C7, L1: rows that live
    where _rule is null
)

select * from living
