{{ config(enabled=partner_aktiv('dormakaba')) }}

with

wirtschaftseinheiten as (
    select * from {{ ref('stg_erp__wirtschaftseinheit') }}
),

gebaeude as (
    select * from {{ ref('stg_erp__gebaeude') }}
),

records as (
    select
        {{ composite_id('dormakaba', 'wirtschaftseinheit') }} as external_id,
        {{ anzeigename('wirtschaftseinheit') }} as "displayName"
    from wirtschaftseinheiten
    where
        {{ sendable('dormakaba', 'wirtschaftseinheit') }}  -- E1, I5
        -- E1: no site is looked for without a Gebäude that takes part
        and exists (
            select 1
            from gebaeude
            where
                {{ same_key('wirtschaftseinheit', 'gebaeude', 'wirtschaftseinheiten') }}
                and {{ sendable('dormakaba', 'gebaeude', table='gebaeude') }}  -- E1, I5
        )
)

select * from records
