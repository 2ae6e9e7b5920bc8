{{ config(enabled=partner_aktiv('everreal')) }}

with

wirtschaftseinheiten as (
    select * from {{ ref('stg_erp__wirtschaftseinheit') }}
),

records as (
    select
        {{ composite_id('everreal', 'wirtschaftseinheit') }} as external_id,
        {{ anzeigename('wirtschaftseinheit') }} as name
    from wirtschaftseinheiten
    where
        {{ sendable('everreal', 'wirtschaftseinheit') }}  -- E1, I5
        -- without the level Gebäude a WE is a property, and there are no groups
        and {{ partner_settings('everreal').gebaeude_importieren | lower }}
)

select * from records
