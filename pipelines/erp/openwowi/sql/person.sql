with

adressen as (
    select
        json ->> '$.Id' as person_id,
        unnest(json -> '$.Addresses[*]') as adresse
    from persons
),

-- The main address; without one the address that is still valid, the newest first.
hauptadresse as (
    select
        person_id,
        adresse
    from adressen
    qualify
        row_number() over (
            partition by person_id
            order by
                coalesce(adresse ->> '$.MainAddress', 'false') = 'true' desc,
                (adresse ->> '$.ValidTo') is null desc,
                adresse ->> '$.ValidFrom' desc nulls last,
                try_cast(adresse ->> '$.Id' as bigint)
        ) = 1
),

namen as (
    select
        json,
        coalesce(json ->> '$.NaturalPerson.FirstName', json ->> '$.FirstName') as vorname,
        coalesce(json ->> '$.NaturalPerson.LastName', json ->> '$.LastName') as nachname,
        coalesce(json ->> '$.LegalPerson.LongName1', json ->> '$.LongName1') as firma1
    from persons
)

select
    json ->> '$.IdNum' as person_nr,
    -- IsNaturalPerson is described, but not always delivered.
    case
        when (json ->> '$.IsNaturalPerson') = 'true' then 'natuerlich'
        when (json ->> '$.IsNaturalPerson') = 'false' then 'juristisch'
        when coalesce(vorname, nachname) is not null then 'natuerlich'
        when firma1 is not null then 'juristisch'
    end as person_art,
    case json ->> '$.NaturalPerson.Gender.Name'
        when 'männlich' then 'Herr'
        when 'weiblich' then 'Frau'
    end as anrede,
    json ->> '$.NaturalPerson.Title' as titel,
    vorname,
    nachname,
    json ->> '$.NaturalPerson.BirthName' as geburtsname,
    firma1,
    json ->> '$.LegalPerson.LongName2' as firma2,
    datum(json ->> '$.NaturalPerson.BirthDate') as geburtsdatum,
    datum(json ->> '$.NaturalPerson.DeathDate') as todesdatum,
    case json ->> '$.NaturalPerson.Gender.Name'
        when 'männlich' then 'm'
        when 'weiblich' then 'w'
        when 'divers' then 'd'
        else if((json -> '$.NaturalPerson.Gender') is null, null, 'u')
    end as geschlecht,
    json ->> '$.NaturalPerson.CareOf' as co_zusatz,
    adresse ->> '$.Street' as strasse,
    hausnummer(adresse) as hausnummer,
    adresse ->> '$.Zip' as plz,
    adresse ->> '$.Town' as ort,
    coalesce(adresse ->> '$.Country.Code', adresse ->> '$.CountryCode') as land,
    datum(json ->> '$.ValidFrom') as gueltig_von,
    datum(json ->> '$.ValidTo') as gueltig_bis,
    json ->> '$.Id' as quelle_id
from namen
left join hauptadresse on (json ->> '$.Id') = hauptadresse.person_id
