{{ config(enabled=partner_aktiv('dormakaba')) }}

with

verwaltungseinheiten as (
    select * from {{ ref('int_verwaltungseinheiten') }}
),

records as (
    select
        {{ composite_id('dormakaba', 'verwaltungseinheit') }} as external_id,
        {{ composite_id('dormakaba', 'wirtschaftseinheit') }} as liegenschaften_external_id,
        {{ composite_id('dormakaba', 'gebaeude') }} as gebaeude_external_id,
        name as "displayName",
        cast(etage as integer) as floor,
        ve_nr as "unitNumber"
    from verwaltungseinheiten
    where
        {{ sendable('dormakaba', 'verwaltungseinheit') }}  -- E1, I5, I3
        and we_nr is not null  -- I3: a unit lies in a site
)

select * from records
