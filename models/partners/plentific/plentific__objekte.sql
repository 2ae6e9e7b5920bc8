{{ config(enabled=partner_aktiv('plentific')) }}

with

gebaeude as (
    select * from {{ ref('stg_erp__gebaeude') }}
),

records as (
    select
        {{ composite_id('plentific', 'gebaeude') }} as external_id,
        {{ anzeigename('gebaeude') }} as name,
        {{ plentific_address() }} as address,
        true as is_active
    from gebaeude
    where {{ sendable('plentific', 'gebaeude') }}  -- E1, I5
)

select * from records
