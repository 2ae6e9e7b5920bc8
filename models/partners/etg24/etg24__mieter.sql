{{ config(enabled=partner_aktiv('etg24'), schema='partners', contract={'enforced': true}) }}

with

mietverhaeltnisse as (
    select * from {{ ref('int_etg24__mietverhaeltnisse') }}
),

personen as (
    select * from {{ ref('int_etg24__personen') }}
)

select
    mietverhaeltnisse.vertrag_person_id as external_id,
    mietverhaeltnisse.vertrag_id as mietvertraege_external_id,
    personen.salutation,
    personen."firstName",
    personen."lastName",
    personen."deliveryInstructions",
    personen.address,
    personen."emailAddress",
    personen."phoneMobile",
    personen."phoneLandline",
    personen.fax
from mietverhaeltnisse
inner join personen on mietverhaeltnisse.person_nr = personen.person_nr
