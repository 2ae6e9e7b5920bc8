{{ config(enabled=partner_aktiv('everreal'), schema='partners', contract={'enforced': true}) }}

with

objekte as (
    select * from {{ ref('int_everreal__objekte') }}
)

select
    external_id,
    objektgruppen_external_id,
    {{ everreal_meta() }} as meta,
    name,
    {
        'streetName': strasse,
        'streetNumber': hausnummer,
        'zipCode': plz,
        'city': ort,
        'country': land
    } as address,
    case when art = 'Grundstueck' then 'LAND' else 'BUILDING' end as type,
    case when art = 'Grundstueck' then 'LAND' else 'BUILDING' end as subtype,
    'RESIDENTIAL_AND_COMMERCIAL' as category,
    'MULTIPLE' as "ownershipType",
    try_cast(geschosse as integer) as "noOfStories",
    baujahr_zahl as "yearBuilt"
from objekte
where regel is null  -- EV2, I6: with a whole address, and no id taken twice
