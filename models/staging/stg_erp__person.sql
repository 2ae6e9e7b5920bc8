{{ config(materialized='view', schema='staging') }}

with

person as (
    select * from {{ ref('base_erp__person') }}
),

living as (
    select
        {{ select_erp_columns('person') }}
    from person
    -- C6, C7, L1: rows that live
    where _rule is null
)

select * from living
