{{ config(enabled=partner_aktiv('everreal'), schema='partners', contract={'enforced': true}) }}

with

eigentuemer as (
    select * from {{ ref('int_everreal__eigentuemer') }}
)

select
    {{ composite_id('everreal', 'person') }} as external_id,
    {{ everreal_meta() }} as meta,
    "firstName",
    "lastName",
    "companyName",
    email,
    telefon as "phoneNo",
    {
        'streetName': strasse,
        'streetNumber': hausnummer,
        'zipCode': plz,
        'city': ort,
        'country': land
    } as address
from eigentuemer
where regel is null  -- EV1: with an e-mail address and a first name
