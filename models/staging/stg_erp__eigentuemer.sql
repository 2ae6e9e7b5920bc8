{{ config(materialized='view', schema='staging') }}

with

eigentuemer as (
    select * from {{ ref('base_erp__eigentuemer') }}
),

living as (
    select
        {{ select_erp_columns('eigentuemer') }}
    from eigentuemer
    -- C6, C7, L1 to L3: rows that live and whose parents live
    where _rule is null
)

select * from living
