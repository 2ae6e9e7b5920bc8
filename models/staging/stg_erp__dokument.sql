{{ config(materialized='view', schema='staging') }}

with

dokument as (
    select * from {{ ref('base_erp__dokument') }}
),

living as (
    select
        {{ select_erp_columns('dokument') }}
    from dokument
    -- C6, C7, L1 to L3: rows that live and whose parents live
    where _rule is null
)

select * from living
