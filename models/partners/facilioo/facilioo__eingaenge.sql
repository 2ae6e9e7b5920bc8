{{ config(enabled=partner_aktiv('facilioo')) }}

with

gebaeude as (
    select * from {{ ref('stg_erp__gebaeude') }}
),

records as (
    select
        {{ composite_id('facilioo', 'gebaeude') }} as external_id,
        {{ composite_id('facilioo', 'gebaeude') }} as gebaeude_external_id,
        {{ anzeigename('gebaeude') }} as name,
        gebaeude_nr as number,
        {{ facilioo_address() }}
    from gebaeude
    where {{ sendable('facilioo', 'gebaeude') }}  -- E1, I5
)

select * from records
