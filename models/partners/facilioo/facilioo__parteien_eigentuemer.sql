{{ config(enabled=partner_aktiv('facilioo'), schema='partners', contract={'enforced': true}) }}

with

parteien as (
    select * from {{ ref('int_facilioo__parteien') }}
)

select
    partei_id as external_id,
    "typeId",
    salutation,
    "primaryName",
    "secondaryName",
    street,
    "houseNumber",
    "addressAddition",
    "postalCode",
    city,
    country,
    "isContactableByEmail",
    "isContactableByPush",
    "isContactableByMail"
from parteien
where rolle = 'eigentuemer'  -- I7: one party a person
