{{ config(enabled=partner_aktiv('quis')) }}

with

wirtschaftseinheiten as (
    select * from {{ ref('stg_erp__wirtschaftseinheit') }}
),

records as (
    select
        {{ composite_id('quis', 'wirtschaftseinheit') }} as external_id,
        {{ composite_id('quis', 'wirtschaftseinheit') }} as "customId"
    from wirtschaftseinheiten
    where {{ sendable('quis', 'wirtschaftseinheit') }}  -- E1, I5
)

select * from records
