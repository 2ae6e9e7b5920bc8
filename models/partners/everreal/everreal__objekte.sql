{{ config(enabled=partner_aktiv('everreal')) }}

with

objekte as (
    select * from {{ ref('int_everreal__objekte') }}
),

records as (
    select
        external_id,
        objektgruppen_external_id,
        {{ everreal_meta() }} as meta,
        name,
        {{ everreal_address() }} as address,
        case when art = 'Grundstueck' then 'LAND' else 'BUILDING' end as type,
        case when art = 'Grundstueck' then 'LAND' else 'BUILDING' end as subtype,
        'RESIDENTIAL_AND_COMMERCIAL' as category,
        'MULTIPLE' as "ownershipType",
        try_cast(geschosse as integer) as "noOfStories",
        baujahr_zahl as "yearBuilt"
    from objekte
    where rule is null  -- EV2, I6: with a whole address, and no id taken twice
)

select * from records
