{{ config(materialized='view', schema='staging') }}

with

verwaltungseinheit as (
    select * from {{ ref('base_erp__verwaltungseinheit') }}
),

living as (
    select
        {{ select_erp_columns('verwaltungseinheit') }},
        etagennummer
    from verwaltungseinheit
    -- C6, C7, L1 to L3: rows that live and whose parents live
    where _rule is null
)

select * from living
