{{ config(enabled=partner_aktiv('facilioo')) }}

with

personen as (
    select * from {{ ref('int_personen') }}
),

-- A contract that stays back for its id (I6) does not take its person along.
mietverhaeltnisse as (
    {{ mietverhaeltnisse('facilioo') }}
),

eigentumsverhaeltnisse as (
    {{ eigentumsverhaeltnisse('facilioo') }}
),

mit_rolle as (
    select
        *,
        person_nr in (select mietverhaeltnisse.person_nr from mietverhaeltnisse) as ist_mieter,
        person_nr in (select eigentumsverhaeltnisse.person_nr from eigentumsverhaeltnisse) as ist_eigentuemer
    from personen
),

parties as (
    select
        {{ composite_id('facilioo', 'person') }} as partei_id,
        person_nr,
        -- I7: who rents and owns is one party, that of a tenant
        case when ist_mieter then 'mieter' else 'eigentuemer' end as rolle,
        7 as "typeId",
        anrede as salutation,
        {{ vorname() }} as "primaryName",
        name as "secondaryName",
        strasse as street,
        hausnummer as "houseNumber",
        co_zusatz as "addressAddition",
        plz as "postalCode",
        ort as city,
        land as country,
        email is not null as "isContactableByEmail",
        false as "isContactableByPush",
        email is null as "isContactableByMail",
        email,
        festnetz,
        handynummer
    from mit_rolle
    where ist_mieter or ist_eigentuemer  -- E1, E2, I5, L6
)

select * from parties
