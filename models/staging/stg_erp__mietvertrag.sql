{{ config(materialized='view', schema='staging') }}

with

mietvertrag as (
    select * from {{ ref('base_erp__mietvertrag') }}
),

living as (
    select
        {{ select_erp_columns('mietvertrag') }},
        ende,
        status
    from mietvertrag
    -- C6, C7, L1 to L3: rows that live and whose parents live
    where _rule is null
)

select * from living
