{{ config(materialized='view', schema='staging') }}

with

mietkondition as (
    select * from {{ ref('base_erp__mietkondition') }}
),

living as (
    select
        {{ select_erp_columns('mietkondition') }}
    from mietkondition
    -- C6, C7, L1 to L3: rows that live and whose parents live
    where _rule is null
)

select * from living
