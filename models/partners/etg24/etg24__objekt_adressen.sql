{{ config(enabled=partner_aktiv('etg24')) }}

with

gebaeude as (
    select * from {{ ref('stg_erp__gebaeude') }}
),

records as (
    select
        {{ composite_id('etg24', 'gebaeude') }} as external_id,
        {{ composite_id('etg24', 'gebaeude') }} as objekte_external_id,
        {{ etg24_address(hausnummer()) }} as address,
        art as "buildingType",
        make_date(baujahr_zahl, 1, 1) as "constructionFinishedOn",
        denkmalschutz as "preservationOrder",
        energietraeger as "heatingEnergySource"
    from gebaeude
    where {{ sendable('etg24', 'gebaeude') }}  -- E1, I5
)

select * from records
