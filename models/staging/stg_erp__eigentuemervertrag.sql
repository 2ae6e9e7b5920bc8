{{ config(materialized='view', schema='staging') }}

with

eigentuemervertrag as (
    select * from {{ ref('base_erp__eigentuemervertrag') }}
),

living as (
    select
        {{ select_erp_columns('eigentuemervertrag') }}
    from eigentuemervertrag
    -- C6, C7, L1 to L3: rows that live and whose parents live
    where _rule is null
)

select * from living
