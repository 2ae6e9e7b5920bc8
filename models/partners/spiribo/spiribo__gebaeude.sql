{{ config(enabled=partner_aktiv('spiribo')) }}

with

gebaeude as (
    select * from {{ ref('int_spiribo__gebaeude') }}
),

records as (
    select
        gebaeude_id as external_id,
        name,
        case
            when hat_adresse  -- V2
                then {{ struct({
                    'street': 'strasse',
                    'houseNumber': 'hausnummer',
                    'zip': 'plz',
                    'city': 'ort',
                    'country': 'land',
                }) }}
        end as address,
        we_nr as "economicUnitNumber",
        mandant_nr as "clientNumber"
    from gebaeude
)

select * from records
