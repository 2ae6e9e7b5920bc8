{{ config(schema='intermediate') }}

with

person as (
    select * from {{ ref('stg_erp__person') }}
),

pruefung as (
    select * from {{ ref('int_personen__pruefung') }}
),

kontaktweg as (
    select
        *,
        -- E3: the main one first, then by the running number
        {{ rank_of(['coalesce(not ist_haupt, true)', 'try_cast(lfd_nr as bigint)', '_zeile']) }} as rang
    from {{ ref('stg_erp__kontaktweg') }}
),

erreichbarkeit as (
    select
        person_nr,
        min_by(email_adresse, rang) filter (where art = 'E-Mail' and email_adresse is not null) as email,
        min_by(wert, rang) filter (where art = 'Festnetz' and wert is not null) as festnetz,
        min_by(wert, rang) filter (where art = 'Handynummer' and wert is not null) as handynummer,
        min_by(wert, rang) filter (where art = 'Fax' and wert is not null) as fax,
        min_by(telefon_e164, rang) filter (where art = 'Festnetz' and telefon_e164 is not null)
            as festnetz_e164,
        min_by(telefon_e164, rang) filter (where art = 'Handynummer' and telefon_e164 is not null)
            as handynummer_e164
    from kontaktweg
    group by person_nr
),

sendable_persons as (
    select
        person.person_nr,
        person.person_art,
        pruefung.ist_firma,
        person.anrede,
        person.titel,
        person.vorname,
        person.nachname,
        person.firma1,
        person.firma2,
        pruefung.name,
        person.geburtsdatum,
        person.co_zusatz,
        person.strasse,
        person.hausnummer,
        person.plz,
        person.ort,
        person.land,
        erreichbarkeit.email,
        erreichbarkeit.festnetz,
        erreichbarkeit.handynummer,
        erreichbarkeit.fax,
        erreichbarkeit.festnetz_e164,
        erreichbarkeit.handynummer_e164
    from person
    inner join pruefung on person.person_nr = pruefung.person_nr
    left join erreichbarkeit on person.person_nr = erreichbarkeit.person_nr
    -- L5, L6, E8, E9: nobody who is anonymised, nameless or a placeholder
    where pruefung.rule is null
)

select * from sendable_persons
