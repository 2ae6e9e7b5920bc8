{{ config(materialized='view', schema='staging') }}

with

wirtschaftseinheit as (
    select * from {{ ref('base_erp__wirtschaftseinheit') }}
),

living as (
    select
        {{ select_erp_columns('wirtschaftseinheit') }},
        {{ jahr('baujahr') }} as baujahr_zahl
    from wirtschaftseinheit
    -- C6, C7, L1 to L3: rows that live and whose parents live
    where _rule is null
)

select * from living
