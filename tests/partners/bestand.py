"""A small stock of invented people in which every rule of the partner marts has at least one row to bite on."""

Row = dict[str, str]
Tables = dict[str, list[Row]]

GARTENSTADT = {"mandant_nr": "001", "we_nr": "0007"}
LINDENWEG = {**GARTENSTADT, "gebaeude_nr": "01"}
GARAGENHOF = {**GARTENSTADT, "gebaeude_nr": "02"}
WEG = {"mandant_nr": "002", "we_nr": "0001", "gebaeude_nr": "01"}
WITH_SLASH = {"mandant_nr": "001", "we_nr": "00/9", "gebaeude_nr": "01"}
WITHOUT_WE = {"mandant_nr": "002", "gebaeude_nr": "77", "quelle_erp": "uts_karthago"}
OTHER_MANDANT = {"mandant_nr": "900", "we_nr": "0001", "gebaeude_nr": "01"}

FLAT = {**LINDENWEG, "ve_nr": "0001"}
SHOP = {**LINDENWEG, "ve_nr": "0002"}
GARAGE = {**GARAGENHOF, "ve_nr": "G-1"}
CONDOMINIUM = {**WEG, "ve_nr": "0001"}
SLASH_FLAT = {**WITH_SLASH, "ve_nr": "0001"}
UTS_FLAT = {**WITHOUT_WE, "ve_nr": "0001"}
OTHER_FLAT = {**OTHER_MANDANT, "ve_nr": "0001"}


def lease(unit: Row, mv_nr: str, **more: str) -> Row:
    return {**unit, "mv_nr": mv_nr, "vertragsart": "Miete", "mietbeginn": "2020-02-01", **more}


def tenant(unit: Row, mv_nr: str, person_nr: str, **more: str) -> Row:
    return {**unit, "mv_nr": mv_nr, "person_nr": person_nr, "rolle": "Mitmieter", **more}


def owner(unit: Row, ev_nr: str, person_nr: str) -> Row:
    return {**unit, "ev_nr": ev_nr, "person_nr": person_nr}


def person(person_nr: str, nachname: str, **more: str) -> Row:
    return {"person_nr": person_nr, "person_art": "natuerlich", "nachname": nachname, **more}


def contact(person_nr: str, art: str, wert: str) -> Row:
    return {"person_nr": person_nr, "lfd_nr": f"1{art}", "art": art, "wert": wert}


BESTAND: Tables = {
    "mandant": [{"mandant_nr": nr, "name": f"Muster {nr}"} for nr in ("001", "002", "900")],
    "wirtschaftseinheit": [
        {**GARTENSTADT, "bezeichnung": "Gartenstadt"},
        {"mandant_nr": "002", "we_nr": "0001"},
        {"mandant_nr": "001", "we_nr": "00/9", "bezeichnung": "Schrägstrich"},
        {"mandant_nr": "900", "we_nr": "0001", "bezeichnung": "Fremd"},
    ],
    "gebaeude": [
        {
            **LINDENWEG,
            "art": "Gebaeude",
            "strasse": "Lindenweg",
            "hausnummer": "12",
            "hausnummer_zusatz": "a",
            "plz": "01067",
            "ort": "Dresden",
            "baujahr": "1928",
            "denkmalschutz": "J",
            "energietraeger": "Fernwärme",
        },
        {
            **GARAGENHOF,
            "bezeichnung": "Garagenhof",
            "strasse": "Lindenweg",
            "baujahr": "um 1900",
            "land": "AT",
        },
        WEG,
        WITH_SLASH,
        {**WITHOUT_WE, "bezeichnung": "Haus ohne WE"},
        OTHER_MANDANT,
    ],
    "verwaltungseinheit": [
        {
            **FLAT,
            "bezeichnung": "Wohnung 1",
            "ve_art": "Wohnung",
            "etage_lage": "1. OG links",
            "lage": "links",
            "wohnflaeche": "54,30",
            "nutzflaeche": "60,00",
            "zimmer": "2,5",
            "mea": "123,4567",
        },
        {**SHOP, "ve_art": "Einzelhandel", "lage": "rechts", "nutzflaeche": "1.080,5"},
        {**GARAGE, "ve_art": "Garage"},
        {**CONDOMINIUM, "ve_art": "Loft"},
        SLASH_FLAT,
        UTS_FLAT,
        OTHER_FLAT,
    ],
    "leerstand": [
        {
            **SHOP,
            "leer_ab": "2026-05-01",
            "freigegeben": "J",
            "objektart": "Gewerbe",
            "nettokaltmiete": "1.900,00",
        },
    ],
    "mietvertrag": [
        lease(FLAT, "01"),
        lease(SHOP, "01", kuendigung_zum="2098-06-30", vertragsart="Gewerbe"),
        lease(GARAGE, "01"),  # its only tenant has no e-mail
        lease(SHOP, "E02"),  # arrives at the id of the owner contract 02
        lease(CONDOMINIUM, "05"),  # its only tenant's number contains a slash
        lease(CONDOMINIUM, "06"),  # one of its two tenants' numbers does
        lease(SLASH_FLAT, "01"),
        lease(UTS_FLAT, "01", mietbeginn="2027-01-01"),
        lease(OTHER_FLAT, "01"),
    ],
    "mieter": [
        tenant(FLAT, "01", "P100", rolle="Hauptmieter", gueltig_von="2019-06-01"),
        tenant(FLAT, "01", "P101"),
        tenant(FLAT, "01", "P102", gueltig_von="2021-05-01", gueltig_bis="2099-12-30"),
        tenant(SHOP, "01", "P200"),
        tenant(GARAGE, "01", "P101"),
        tenant(SHOP, "E02", "P102"),
        tenant(CONDOMINIUM, "05", "P/9"),
        tenant(CONDOMINIUM, "06", "P/9"),
        tenant(CONDOMINIUM, "06", "P103"),
        tenant(SLASH_FLAT, "01", "P104"),
        tenant(UTS_FLAT, "01", "P100"),
        tenant(OTHER_FLAT, "01", "P105"),
    ],
    "eigentuemervertrag": [
        {
            **CONDOMINIUM,
            "ev_nr": "01",
            "beginn": "2015-07-01",
            "sondereigentumsverwaltung": "J",
            "selbstgenutzt": "N",
        },
        {**SHOP, "ev_nr": "02", "beginn": "2016-08-01"},
        {**CONDOMINIUM, "ev_nr": "03", "beginn": "2017-09-01"},  # its only owner's number contains a slash
        {**FLAT, "ev_nr": "04", "beginn": "2018-10-01", "ende": "2097-11-30", "selbstgenutzt": "X"},
        {**UTS_FLAT, "ev_nr": "11", "beginn": "2019-11-01"},
    ],
    "eigentuemer": [
        owner(CONDOMINIUM, "01", "P100"),
        owner(CONDOMINIUM, "01", "P301"),
        owner(SHOP, "02", "P102"),
        owner(SHOP, "02", "P301"),
        owner(CONDOMINIUM, "03", "P/9"),
        owner(FLAT, "04", "P301"),
        owner(UTS_FLAT, "11", "P309"),
    ],
    "person": [
        person("P100", "Ährenfeld", vorname="Jördis", anrede="Frau", co_zusatz="c/o Beispiel"),
        person("P101", "Ohnepost", vorname="Falk"),
        person(
            "P102",
            "Muster",
            vorname="Erika und Max",
            anrede="Eheleute",
            person_art="paar",
            strasse="Am Anger",
            hausnummer="7b",
            plz="01099",
            ort="Dresden",
            land="DE",
        ),
        person("P103", "Vierling", anrede="Hochwohlgeboren"),
        person("P104", "Allein"),
        person("P105", "Anderswo"),
        person("P/9", "Schräg"),
        {"person_nr": "P200", "person_art": "juristisch", "firma1": "Kiosk Nord GmbH", "vorname": "Ida"},
        person("P301", "Eigen", vorname="Orla", strasse="Hof", plz="2345"),
        {
            "person_nr": "P309",
            "person_art": "juristisch",
            "anrede": "Firma",
            "firma1": "Grund und Giebel GmbH",
            "co_zusatz": "z. Hd. Muster",
            "strasse": "Bahnhofstraße",
            "hausnummer": "31",
            "plz": "6020",
            "ort": "Innsbruck",
            "land": "AT",
        },
    ],
    "kontaktweg": [
        contact("P100", "E-Mail", "mailto:Joerdis@Example.org"),
        contact("P100", "Handynummer", "0152 28817386"),
        contact("P100", "Festnetz", "030/23125 017"),
        contact("P101", "E-Mail", "keine"),
        contact("P102", "E-Mail", "paar@example.com"),
        contact("P102", "Festnetz", "030/23125 018"),
        contact("P103", "E-Mail", "vier@example.net"),
        contact("P103", "Handynummer", "tagsüber"),
        contact("P104", "E-Mail", "allein@example.org"),
        contact("P105", "E-Mail", "anderswo@example.org"),
        contact("P/9", "E-Mail", "schraeg@example.org"),
        contact("P200", "E-Mail", "kiosk@example.org"),
        contact("P200", "Fax", "030/23125 019"),
        contact("P301", "Festnetz", "0221 4710 017"),
        contact("P309", "E-Mail", "giebel@example.org"),
        contact("P309", "Handynummer", "0151 27700 117"),
        contact("P309", "Festnetz", "0221 4710 031"),
        contact("P309", "Fax", "0221 4710 032"),
    ],
    "einwilligung": [
        {"person_nr": "P100", "zweck": "aktivbo", "erteilt": "J", "erteilt_am": "2024-05-06"},
        {"person_nr": "P102", "zweck": "aktivbo", "erteilt": "J", "widerrufen_am": "2026-01-01"},
    ],
}


def with_bestand(more: Tables) -> Tables:
    """The small stock of all partners, and what lies beside it."""
    return {table: [*BESTAND.get(table, []), *more.get(table, [])] for table in {**BESTAND, **more}}
