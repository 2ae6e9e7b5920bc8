{{ config(enabled=partner_aktiv('idwell')) }}

with

gebaeude as (
    select * from {{ ref('stg_erp__gebaeude') }}
),

wirtschaftseinheiten as (
    select * from {{ ref('stg_erp__wirtschaftseinheit') }}
),

records as (
    select
        {{ composite_id('idwell', 'gebaeude', table='gebaeude') }} as external_id,
        {{ anzeigename('gebaeude', 'gebaeude') }} as name,
        gebaeude.strasse as street,
        {{ hausnummer('gebaeude') }} as house_number,
        gebaeude.plz as zip,
        gebaeude.ort as city,
        gebaeude.land as country,
        case wirtschaftseinheiten.verwaltungsart
            when 'Miete' then 'rental'
            when 'WEG' then 'weg'
        end as management_type,
        coalesce(gebaeude.baujahr_zahl, wirtschaftseinheiten.baujahr_zahl) as construction_year,
        true as active
    from gebaeude
    left join wirtschaftseinheiten
        on {{ same_key('wirtschaftseinheit', 'gebaeude', 'wirtschaftseinheiten') }}
    where {{ sendable('idwell', 'gebaeude', table='gebaeude') }}  -- E1, I5
)

select * from records
