{{ config(enabled=partner_aktiv('etg24'), schema='partners', contract={'enforced': true}) }}

with

eigentumsverhaeltnisse as (
    select * from {{ ref('int_etg24__eigentumsverhaeltnisse') }}
),

personen as (
    select * from {{ ref('int_etg24__personen') }}
)

select
    eigentumsverhaeltnisse.vertrag_person_id as external_id,
    eigentumsverhaeltnisse.vertrag_id as eigentuemervertraege_external_id,
    personen.salutation,
    personen."firstName",
    personen."lastName",
    personen."deliveryInstructions",
    personen.address,
    personen."emailAddress",
    personen."phoneMobile",
    personen."phoneLandline",
    personen.fax
from eigentumsverhaeltnisse
inner join personen on eigentumsverhaeltnisse.person_nr = personen.person_nr
