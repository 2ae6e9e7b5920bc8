{{ config(enabled=partner_aktiv('quis')) }}

with

gebaeude as (
    select * from {{ ref('stg_erp__gebaeude') }}
),

records as (
    select
        {{ quis_expose() }}
    from gebaeude
    where
        {{ sendable('quis', 'gebaeude') }}  -- E1, I5
        and '{{ partner_settings('quis').expose_als }}' = 'property_groups'  -- the setting expose_als
)

select * from records
