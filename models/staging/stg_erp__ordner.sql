{{ config(materialized='view', schema='staging') }}

with

ordner as (
    select * from {{ ref('base_erp__ordner') }}
),

living as (
    select
        {{ select_erp_columns('ordner') }}
    from ordner
    -- C6, C7, L1 to L3: rows that live and whose parents live
    where _rule is null
)

select * from living
