{{ config(enabled=partner_aktiv('etg24'), materialized='view') }}

with

personen as (
    select * from {{ ref('int_personen') }}
),

anreden as (
    select * from {{ ref('anreden') }}
),

participants as (
    select
        personen.person_nr,
        personen.ist_firma or personen.anrede is null or anreden.anrede is not null as ist_anrede_bekannt,
        case when personen.ist_firma then 'Firma' else anreden.etg24_salutation end as salutation,
        {{ vorname('personen') }} as "firstName",
        personen.name as "lastName",
        personen.co_zusatz as "deliveryInstructions",
        case
            when coalesce(personen.strasse, personen.plz, personen.ort) is not null
                then {{ etg24_address('personen.hausnummer', 'personen') }}
        end as address,
        personen.email as "emailAddress",
        personen.handynummer as "phoneMobile",
        personen.festnetz as "phoneLandline",
        personen.fax
    from personen
    left join anreden on personen.anrede = anreden.anrede
)

select * from participants
