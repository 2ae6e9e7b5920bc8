{{ config(enabled=partner_aktiv('everreal')) }}

with

vertraege as (
    select * from {{ ref('int_everreal__mietvertraege') }}
),

mietverhaeltnisse as (
    select * from {{ ref('int_everreal__mietverhaeltnisse') }}
),

mietvertraege as (
    select * from {{ ref('int_mietvertraege') }}
),

mieten as (
    select * from {{ ref('int_everreal__mieten') }}
),

personen as (
    select * from {{ ref('int_everreal__personen') }}
),

records as (
    select
        mietverhaeltnisse.vertrag_person_id as external_id,
        vertraege.einheiten_external_id,
        {{ everreal_meta() }} as meta,
        personen."firstName",
        personen."lastName",
        personen."companyName",
        personen.email,
        personen.festnetz as "phoneNumber",
        personen.handynummer as "cellPhoneNumber",
        vertraege.weitere_mieter as "additionalTenants",
        cast(mieten.kaltmiete as string) as "coldRent",
        cast(mieten.nebenkosten as string) as "serviceCharges",
        cast(mieten.heizungskosten as string) as "heatingCosts",
        cast(mieten.gesamtmiete as string) as "totalRent",
        cast(mietvertraege.kaution_soll as string) as "securityDeposit",
        cast(mietverhaeltnisse.beginn as string) as "contractStartDate",
        cast(mietverhaeltnisse.ende as string) as "contractEndDate",
        cast(mietvertraege.kuendigung_am as string) as "terminationDate"
    from vertraege
    inner join mietverhaeltnisse
        on
            {{ same_key('mietvertrag', 'vertraege', 'mietverhaeltnisse') }}
            and vertraege.hauptmieter = mietverhaeltnisse.person_nr
    inner join mietvertraege on {{ same_key('mietvertrag', 'vertraege', 'mietvertraege') }}
    inner join personen on vertraege.hauptmieter = personen.person_nr
    left join mieten on {{ same_key('mietvertrag', 'vertraege', 'mieten') }}
    where vertraege.rule is null  -- EV2 to EV4, I6: with a unit that is sent, and a Hauptmieter
)

select * from records
