with

daheim as (
    select
        person.*,
        haus.strasse as haus_strasse,
        haus.hausnummer as haus_hausnummer,
        haus.hausnummer_zusatz as haus_zusatz,
        haus.plz as haus_plz,
        adresse.strasse as fern_strasse,
        adresse.hausnummer as fern_hausnummer,
        adresse.plz as fern_plz,
        not person.wohnt_dort and roll(person.pid, 'auswaerts') < 0.1 as ist_auswaertig,
        one_of(
            person.pid,
            'stadt',
            [
                {plz: '01067', ort: 'Dresden'},
                {plz: '04109', ort: 'Leipzig'},
                {plz: '14467', ort: 'Potsdam'},
                {plz: '20095', ort: 'Hamburg'},
                {plz: '80331', ort: 'München'},
            ]
        ) as stadt,
    from person
    left join einheit on person.ve_id = einheit.ve_id
    left join haus on einheit.haus_id = haus.haus_id
    left join adresse on 1 + draw(person.pid, 'anschrift', getvariable('adressen')) = adresse.adress_id
)

select
    pid * 10 as row_no,
    person_nr(pid) as person_nr,
    if(ist_firma, 'juristisch', 'natuerlich') as person_art,
    case
        when pid = 1 then null
        when ist_firma then 'Firma'
        when geschlecht = 'w' then 'Frau'
        when geschlecht = 'm' then 'Herr'
    end as anrede,
    if(not ist_firma and pid > 1 and roll(pid, 'titel') < 0.015, one_of(pid, 'titel', ['Dr.', 'Dr.', 'Dr. med.', 'Prof. Dr.']), null)
        as titel,
    if(ist_firma or pid = 1, null, vorname) as vorname,
    case
        when pid = 1 then 'Leerstand'
        when ist_firma then null
        when roll(pid, 'doppelname') < 0.03 then nachname || '-' || zweitname
        else nachname
    end as nachname,
    if(not ist_firma and pid > 1 and geschlecht = 'w' and roll(pid, 'geburtsname') < 0.15, zweitname, null) as geburtsname,
    if(
        ist_firma,
        case draw(pid, 'firma', 6)
            when 0 then 'Bäckerei ' || nachname
            when 1 then nachname || ' & ' || zweitname || ' GbR'
            when 2 then 'Praxis Dr. ' || nachname
            when 3 then nachname || ' Immobilien GmbH'
            when 4 then 'Autohaus ' || nachname || ' GmbH & Co. KG'
            else nachname || ' Vermögensverwaltung UG'
        end,
        null
    ) as firma1,
    if(ist_firma and roll(pid, 'filiale') < 0.1, 'Filiale Berlin', null) as firma2,
    if(
        ist_firma or pid = 1 or roll(pid, 'geburtsdatum') < 0.15,
        null,
        seit - 6800 - draw(pid, 'alter', 17000)
    ) as geburtsdatum,
    null as todesdatum,
    case
        when ist_firma then null
        when pid = 1 then 'u'
        else geschlecht
    end as geschlecht,
    if(ist_firma and roll(pid, 'zu haenden') < 0.3, 'z. Hd. ' || vorname || ' ' || zweitname, null) as co_zusatz,
    case
        when wohnt_dort then haus_strasse
        when ist_auswaertig then 'Hauptstraße'
        else fern_strasse
    end as strasse,
    case
        when wohnt_dort then concat(haus_hausnummer, lower(haus_zusatz))
        when ist_auswaertig then (1 + draw(pid, 'hausnummer', 120))::varchar
        else fern_hausnummer
    end as hausnummer,
    case
        when wohnt_dort then haus_plz
        when ist_auswaertig then stadt.plz
        else fern_plz
    end as plz,
    if(ist_auswaertig, stadt.ort, 'Berlin') as ort,
    'DE' as land,
    seit as gueltig_von,
    null as gueltig_bis,
    false as anonymisiert,
    seit as angelegt,
    pid as _pid,
    pos as _pos,
    not ist_firma and pid > 1 as _natuerlich,
from daheim
