{{ config(materialized='view', schema='staging') }}

with

gebaeude as (
    select * from {{ ref('base_erp__gebaeude') }}
),

living as (
    select
        {{ select_erp_columns('gebaeude') }},
        {{ jahr('baujahr') }} as baujahr_zahl
    from gebaeude
    -- C6, C7, L1 to L3: rows that live and whose parents live
    where _rule is null
)

select * from living
