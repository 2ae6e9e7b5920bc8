{{ config(materialized='view', schema='staging') }}

with

einwilligung as (
    select * from {{ ref('base_erp__einwilligung') }}
),

living as (
    select
        {{ select_erp_columns('einwilligung') }}
    from einwilligung
    -- C6, C7, L1 to L3: rows that live and whose parents live
    where _rule is null
)

select * from living
