{{ config(enabled=partner_aktiv('immomio')) }}

with

wirtschaftseinheiten as (
    select * from {{ ref('stg_erp__wirtschaftseinheit') }}
),

anschriften as (
    select * from {{ ref('int_immomio__anschriften') }}
),

records as (
    select
        {{ composite_id('immomio', 'wirtschaftseinheit', table='wirtschaftseinheiten') }} as external_id,
        {{ anzeigename('wirtschaftseinheit', 'wirtschaftseinheiten') }} as name,
        wirtschaftseinheiten.mandant_nr as "clientNumber",
        case
            when
                coalesce(
                    anschriften.strasse, anschriften.plz, wirtschaftseinheiten.ort, anschriften.ort
                ) is not null
                then {{ struct({
                    'street': 'anschriften.strasse',
                    'houseNumber': 'anschriften.hausnummer',
                    'zipCode': 'anschriften.plz',
                    'city': 'coalesce(wirtschaftseinheiten.ort, anschriften.ort)',
                    'country': 'anschriften.land',
                }) }}
        end as address
    from wirtschaftseinheiten
    left join anschriften on {{ same_key('wirtschaftseinheit', 'wirtschaftseinheiten', 'anschriften') }}
    where {{ sendable('immomio', 'wirtschaftseinheit', table='wirtschaftseinheiten') }}  -- E1, I5
)

select * from records
