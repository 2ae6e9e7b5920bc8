{{ config(enabled=partner_aktiv('aktivbo')) }}

with

mietverhaeltnisse as (
    select * from {{ ref('int_aktivbo__mietverhaeltnisse') }}
),

wohnungen as (
    select * from {{ ref('int_aktivbo__wohnungen') }}
),

personen as (
    select * from {{ ref('int_personen') }}
),

records as (
    select
        mietverhaeltnisse.vertrag_person_id as external_id,
        mietverhaeltnisse.wohnung_id as wohnungen_external_id,
        mietverhaeltnisse.person_nr as person_id,
        mietverhaeltnisse.mv_nr as contract_number,
        personen.anrede as salutation,
        personen.vorname as first_name,
        personen.name as last_name,
        personen.email,
        personen.handynummer as mobile,
        personen.festnetz as phone,
        'de' as language,
        cast(year(personen.geburtsdatum) as integer) as birth_year,
        mietverhaeltnisse.beginn as contract_start,
        mietverhaeltnisse.ende as contract_end,
        mietverhaeltnisse.kuendigung_am as termination_date,
        mietverhaeltnisse.ist_hauptmieter as is_main_tenant,
        mietverhaeltnisse.ist_erteilt as consent,
        mietverhaeltnisse.erteilt_am as consent_date
    from mietverhaeltnisse
    inner join wohnungen on mietverhaeltnisse.wohnung_id = wohnungen.wohnung_id
    inner join personen on mietverhaeltnisse.person_nr = personen.person_nr
    where
        mietverhaeltnisse.ist_erteilt  -- E7: given and not withdrawn
        and not mietverhaeltnisse.ist_firma  -- AB2: companies are no tenants
        and wohnungen.hindernisse is null  -- V1: below a unit that is not sent
)

select * from records
