{{ config(enabled=partner_aktiv('casavi')) }}

with

personen as (
    select * from {{ ref('int_personen') }}
),

-- A contract that stays back for its id (I6) does not take its person along.
mietverhaeltnisse as (
    select * from {{ ref('int_casavi__mietverhaeltnisse') }}
),

eigentumsverhaeltnisse as (
    select * from {{ ref('int_casavi__eigentumsverhaeltnisse') }}
),

laender as (
    select * from {{ ref('laender') }}
),

-- I7: who rents and owns is one contact
beteiligte as (
    select mietverhaeltnisse.person_nr from mietverhaeltnisse
    union
    select eigentumsverhaeltnisse.person_nr from eigentumsverhaeltnisse
),

records as (
    select
        {{ composite_id('casavi', 'person', table='personen') }} as external_id,
        personen.anrede as salutation,
        personen.titel as title,
        {{ vorname('personen') }} as "firstName",
        case when not personen.ist_firma then personen.name end as "lastName",
        case when personen.ist_firma then personen.name end as "companyName",
        personen.email,
        personen.festnetz as telephone,
        personen.handynummer as mobile,
        nullif(concat_ws(' ', personen.strasse, personen.hausnummer), '') as street,
        personen.plz as "postalCode",
        personen.ort as city,
        coalesce(laender.casavi_country, personen.land) as country
    from personen
    inner join beteiligte on personen.person_nr = beteiligte.person_nr
    left join laender on personen.land = laender.land
)

select * from records
