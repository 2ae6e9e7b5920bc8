{{ config(materialized='view', schema='staging') }}

with

kontaktweg as (
    select * from {{ ref('base_erp__kontaktweg') }}
),

living as (
    select
        {{ select_erp_columns('kontaktweg') }},
        email_adresse,
        telefon_e164,
        _zeile
    from kontaktweg
    -- C6, C7, L1 to L3: rows that live and whose parents live
    where _rule is null
)

select * from living
