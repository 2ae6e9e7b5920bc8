{{ config(enabled=partner_aktiv('etg24')) }}

with

gebaeude as (
    select * from {{ ref('stg_erp__gebaeude') }}
),

records as (
    select
        {{ composite_id('etg24', 'gebaeude') }} as external_id,
        {{ composite_id('etg24', 'wirtschaftseinheit') }} as objektgruppen_external_id,
        {{ anzeigename('gebaeude') }} as title
    from gebaeude
    where {{ sendable('etg24', 'gebaeude') }}  -- E1, I5
)

select * from records
