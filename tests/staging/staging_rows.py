"""One delivery in which each rule of staging meets at least one row. All people are invented."""

from typing import Any

STICHTAG = "2026-03-15"
NONSENSE = "quatsch"

Row = dict[str, Any]

WE = {"mandant_nr": "001", "we_nr": "0123"}
HAUS = {**WE, "gebaeude_nr": "01"}
WOHNUNG = {**HAUS, "ve_nr": "0001"}
WEG_WOHNUNG = {**HAUS, "ve_nr": "0002"}


def building(nr: str, **more: Any) -> Row:
    return {**WE, "gebaeude_nr": nr, "art": "Gebaeude", **more}


def unit(nr: str, **more: Any) -> Row:
    return {**HAUS, "ve_nr": nr, "ve_art": "Wohnung", **more}


def lease(nr: str, **more: Any) -> Row:
    return {**WOHNUNG, "mv_nr": nr, "vertragsart": "Miete", "mietbeginn": "2020-02-01", **more}


def tenant(lease_nr: str, person_nr: str, rolle: str = "Hauptmieter", **more: Any) -> Row:
    return {**WOHNUNG, "mv_nr": lease_nr, "person_nr": person_nr, "rolle": rolle, **more}


def owner_contract(nr: str, **more: Any) -> Row:
    return {**WEG_WOHNUNG, "ev_nr": nr, "art": "WEG-Eigentum", "beginn": "2019-07-01", **more}


def owner(contract_nr: str, person_nr: str) -> Row:
    return {**WEG_WOHNUNG, "ev_nr": contract_nr, "person_nr": person_nr}


def person(nr: str, nachname: str | None = "Beispiel", **more: Any) -> Row:
    return {"person_nr": nr, "person_art": "natuerlich", "nachname": nachname, **more}


def email(person_nr: str, lfd_nr: str, wert: str | None, **more: Any) -> Row:
    return {"person_nr": person_nr, "lfd_nr": lfd_nr, "art": "E-Mail", "wert": wert, **more}


def contact(person_nr: str, lfd_nr: str, art: str, wert: str, **more: Any) -> Row:
    return {"person_nr": person_nr, "lfd_nr": lfd_nr, "art": art, "wert": wert, **more}


MANDANTEN = [
    {"mandant_nr": "001", "name": "Muster Wohnen"},
    {"mandant_nr": "009", "name": "Aufgelöst", "geloescht_kz": "L"},
]

WIRTSCHAFTSEINHEITEN = [
    {"mandant_nr": " 001\u00a0", "we_nr": "0123 ", "bezeichnung": "Lindenhof", "weg_kz": "X"},
    # L2: managed until the key date, and until the day before it
    {"mandant_nr": "001", "we_nr": "0200", "verwaltung_bis": "15.03.2026"},
    {"mandant_nr": "001", "we_nr": "0201", "verwaltung_bis": "14.03.2026"},
    # L1: marked still lives, deleted does not
    {"mandant_nr": "001", "we_nr": "0300", "geloescht_kz": "V"},
    {"mandant_nr": "001", "we_nr": "0301", "geloescht_kz": "L"},
    # L3: no such Mandant; L1: Mandant deleted
    {"mandant_nr": "404", "we_nr": "0001"},
    {"mandant_nr": "009", "we_nr": "0001"},
    # C7: no we_nr
    {"mandant_nr": "001", "we_nr": " \u2003"},
]

GEBAEUDE = [
    building("01", aufzug="J", denkmalschutz="vielleicht", geschosse="4,0", baujahr="um 1900", land=None),
    # C2: no such day, a two-digit year; open ends are no error
    building("02", zugang_am="30.02.2020", abgang_am="01.01.20"),
    building("03", zugang_am="00000000", abgang_am="31.12.9999", energieausweis_gueltig_bis="99991231"),
    # L2: left on the key date (lives) and the day before
    building("04", abgang_am=STICHTAG),
    building("05", abgang_am="20260314"),
    # L1, L2, L3 of the WE
    {"mandant_nr": "001", "we_nr": "0200", "gebaeude_nr": "01"},
    {"mandant_nr": "001", "we_nr": "0201", "gebaeude_nr": "01"},
    {"mandant_nr": "001", "we_nr": "0300", "gebaeude_nr": "01"},
    {"mandant_nr": "001", "we_nr": "0301", "gebaeude_nr": "01"},
    {"mandant_nr": "001", "we_nr": "0999", "gebaeude_nr": "01"},
    {"mandant_nr": "009", "we_nr": "0001", "gebaeude_nr": "01"},
    # I3: UTS KARTHAGO has no WE; a number in the field is no part of the key
    {"mandant_nr": "001", "gebaeude_nr": "77", "quelle_erp": "uts_karthago"},
    {"mandant_nr": "001", "we_nr": "5", "gebaeude_nr": "78", "quelle_erp": "uts_karthago"},
    {"mandant_nr": "001", "gebaeude_nr": "79", "quelle_erp": "uts_karthago", "geloescht_kz": "L"},
    # C7: without a WE in another ERP
    {"mandant_nr": "001", "gebaeude_nr": "80"},
]

VERWALTUNGSEINHEITEN = [
    unit(
        "0001", wohnflaeche="1.063,25", zimmer="3 1/2", mea="83.125", etage_lage="3. Etage, links", etage="7"
    ),
    unit("0002", wohnflaeche="61,5", sollmiete="1.234", zimmer="drei", etage_lage="Erdgeschoß links"),
    unit("0003", etage_lage="3. OG", etage="-2", quelle_erp="relion"),
    # L2: each of both columns, on the last day and after it
    unit("0010", verwaltung_bis=STICHTAG, abgang_am=STICHTAG),
    unit("0011", verwaltung_bis="2026-03-14"),
    unit("0012", abgang_am="2026-03-14"),
    # below a dead building, a dead WE, a building that does not exist
    {**WE, "gebaeude_nr": "05", "ve_nr": "0001"},
    {"mandant_nr": "001", "we_nr": "0201", "gebaeude_nr": "01", "ve_nr": "0001"},
    {**WE, "gebaeude_nr": "99", "ve_nr": "0001"},
    # UTS KARTHAGO
    {"mandant_nr": "001", "gebaeude_nr": "77", "ve_nr": "0001", "quelle_erp": "uts_karthago"},
    {"mandant_nr": "001", "gebaeude_nr": "79", "ve_nr": "0001", "quelle_erp": "uts_karthago"},
    # C6: the latest stamp wins over a later row; a stamp beats none; without stamps the later row
    unit("0021", bezeichnung="latest stamp", geaendert_am="2026-01-02 08:00"),
    unit("0021", bezeichnung="older stamp", geaendert_am="31.12.2025 23:59"),
    unit("0021", bezeichnung="no stamp"),
    unit("0022", bezeichnung="earlier row"),
    unit("0022", bezeichnung="later row"),
    unit(" 0023", bezeichnung="unreadable stamp", geaendert_am="gestern"),
    unit("0023\t", bezeichnung="stamp", geaendert_am="20200101"),
    unit("0024", bezeichnung="same stamp, earlier row", geaendert_am="20200101"),
    unit("0024", bezeichnung="same stamp, later row", geaendert_am="2020-01-01T00:00:00"),
    # C6, then L1: the row that stays is deleted
    unit("0025", geaendert_am="20200101"),
    unit("0025", geaendert_am="20200102", geloescht_kz="L"),
    # C6 and C7 both: counted once
    unit("", bezeichnung="no number"),
    unit("", bezeichnung="no number"),
    # the text of a number counts, not its value; upper and lower case are two units
    unit("1"),
    unit("a"),
    unit("A"),
]

MIETVERTRAEGE = [
    lease("01", vertragsdatum="2019-12-24", kaution_soll="2.400,00"),
    lease("02", kuendigung_zum=STICHTAG),
    lease("03", mietbeginn="2026-03-16"),
    lease("04", mietende="2026-03-14"),
    lease("05", mietende="2020-01-31"),
    lease("06", status_erp="Storniert"),
    lease("07", vertragsart="Leerstand"),
    lease("08", vertragsart="Eigennutzung"),
    lease("09", mietbeginn="Frühjahr 2020"),
    lease("10", vertragsart=None),
    lease("11", mietende="31.12.9999", kuendigung_zum="2026-03-14"),
    lease("12", geloescht_kz="L"),
    {**lease("13"), "gebaeude_nr": "98", "ve_nr": "0404"},
    {**lease("14"), "ve_nr": "0011"},
    # L5, E8, E9, I8: one lease a case
    *[lease(nr) for nr in ("20", "21", "22", "23", "24", "25", "26", "27", "28", "29")],
    lease("30", mietbeginn="2020-02-01", mietende="2027-01-31"),
    lease("31", mietbeginn="2026-03-01", mietende="2026-04-30"),
]

MIETER = [
    tenant("01", "P1"),
    tenant("02", "P2"),
    tenant("04", "P1"),
    tenant("12", "P1"),
    tenant("99", "P1"),
    tenant("01", "P404", "Mitmieter"),
    tenant("01", "P-L", "Mitmieter"),
    # L5: roles
    tenant("20", "P1"),
    tenant("20", "P2", "Buerge"),
    tenant("20", "P3", "Bewohner"),
    # L5: period
    tenant("21", "P1", gueltig_bis=STICHTAG),
    tenant("21", "P2", "Mitmieter", gueltig_bis="2026-03-14"),
    tenant("21", "P3", "Mitmieter", gueltig_bis="bald"),
    # L5: the same person twice; Hauptmieter wins over an earlier Mitmieter
    tenant("22", "P1", "Mitmieter", gueltig_von="2020-02-01"),
    tenant("22", "P1", "Hauptmieter", gueltig_von="2021-05-01"),
    # the earliest gueltig_von, one without a date comes last
    tenant("22", "P2", "Mitmieter", gueltig_von="2022-06-01"),
    tenant("22", "P2", "Mitmieter", gueltig_von="01.04.2022"),
    tenant("22", "P2", "Mitmieter"),
    # of two equals the first in the file
    tenant("22", "P3", "Mitmieter", gueltig_von="2023-01-01", gueltig_bis="2026-10-31"),
    tenant("22", "P3", "Mitmieter", gueltig_von="01.01.2023", gueltig_bis="2026-11-30"),
    # a role that is over does not stand in the way of one that is not
    tenant("23", "P1", "Hauptmieter", gueltig_bis="2021-01-31"),
    tenant("23", "P1", "Mitmieter", gueltig_von="2021-02-01"),
    # nobody who can be sent
    tenant("24", "P-ANON"),
    tenant("25", "P-OHNE"),
    tenant("26", "P-PLATZ"),
    # C6: the same row twice; the key has an empty gueltig_von, which is no gap (C7)
    tenant("27", "P1", gueltig_bis="2030-01-31"),
    tenant("27", "P1", gueltig_bis="2031-01-31"),
    # E2: one with and one without an address; two Hauptmieter
    tenant("28", "P1"),
    tenant("28", "P4"),
    tenant("29", "P4", "Mitmieter"),
    # I8
    tenant("30", "P1", gueltig_von="2021-06-01", gueltig_bis="2028-06-30"),
    tenant("30", "P2", "Mitmieter", gueltig_von="2019-06-01", gueltig_bis="2026-06-30"),
    tenant("31", "P1", gueltig_von="2026-05-01"),
]

PERSONEN = [
    person("P1", "Ahorn", vorname="Änne", geburtsdatum="1980-02-29"),
    person("P2", "Birke", geburtsdatum="12.13.1975"),
    person("P3", "Cedar"),
    person("P4", "Douglasie"),
    person("P-L", "Esche", geloescht_kz="L"),
    person("P-ANON", "anonymisiert", anonymisiert="J"),
    person("P-OHNE", None, firma1="Firma einer natürlichen Person"),
    person("P-PLATZ", "LEERSTAND"),
    person("P-N.N.", "n. n."),
    person("P-ECHT", "Leerstandl"),
    {"person_nr": "P-FIRMA", "person_art": "juristisch", "firma1": "Eibe GmbH", "nachname": "Fichte"},
    {"person_nr": "P-FIRMA-NACHNAME", "person_art": "juristisch", "nachname": "Ginkgo"},
    {"person_nr": "P-FIRMA-OHNE", "person_art": "juristisch"},
    {"person_nr": "P-FIRMA-PLATZ", "person_art": "juristisch", "firma1": "N.N.", "nachname": "Hasel"},
    {"person_nr": "P-PAAR", "person_art": "paar", "nachname": "Eheleute Ilex"},
    {"person_nr": "P-OHNE-ART", "nachname": "Jasmin"},
    # C6 over the spelling of a number that is not the same
    person("7"),
    person("007"),
]

KONTAKTWEGE = [
    # E3: the main one first, then by number (9 before 10), the first valid wins
    email("P1", "1", "eins@example.org"),
    email("P1", "10", "zehn@example.org", ist_haupt="J"),
    email("P1", "9", "neun@example.org", ist_haupt="X"),
    email("P1", "8", "keine", ist_haupt="1"),
    email("P2", "10", "zehn@example.org"),
    email("P2", "9", "mailto:Neun@Example.org"),
    email("P2", "8", "acht@"),
    email("P2", "7", "sieben@example.org", geloescht_kz="L"),
    email("P3", "b", "b@example.org"),
    email("P3", "3", "k.A.; Drei <drei@example.org>."),
    email("P3", "4", "vier@example.org"),
    email("P4", "1", "keine"),
    email("P4", "2", None),
    contact("P4", "3", "Festnetz", "nicht@telefon.example"),
    email("P404", "1", "niemand@example.org"),
    contact("P1", "20", "Festnetz", "tagsüber 030"),
    contact("P1", "21", "Festnetz", "030/23125 001"),
    contact("P1", "22", "Handynummer", "+49 (0)152 28817386", ist_haupt="J"),
    contact("P1", "02", "Handynummer", "0152 28817387"),
    contact("P1", "23", "Fax", "030 / 23125 009"),
]

EIGENTUEMERVERTRAEGE = [
    owner_contract("1", hausgeld="312,40", selbstgenutzt="N"),
    owner_contract("2", ende=STICHTAG),
    owner_contract("3", ende="2026-03-14"),
    owner_contract("4", beginn="2030-01-01", ende="2029-12-31"),
    owner_contract("5", beginn="2030-01-01"),
    owner_contract("6"),
    owner_contract("7"),
    {**owner_contract("8"), "ve_nr": "0012"},
    owner_contract("9", ende="31.12.9999"),
]

EIGENTUEMER = [
    owner("1", "P1"),
    owner("1", "P-FIRMA"),
    owner("1", "P-ANON"),
    owner("2", "P1"),
    owner("3", "P1"),
    owner("4", "P1"),
    owner("5", "P1"),
    owner("7", "P-ANON"),
    owner("7", "P-PLATZ"),
    owner("7", "P-L"),
    {**owner("8", "P1"), "ve_nr": "0012"},
    {**owner("9", "P-PAAR"), "anteil_zaehler": "1", "anteil_nenner": "2"},
]

DELIVERY: dict[str, list[Row]] = {
    "mandant": MANDANTEN,
    "wirtschaftseinheit": WIRTSCHAFTSEINHEITEN,
    "gebaeude": GEBAEUDE,
    "verwaltungseinheit": VERWALTUNGSEINHEITEN,
    "mietvertrag": MIETVERTRAEGE,
    "mietvertrag_ve": [
        {
            **WOHNUNG,
            "mv_nr": "01",
            "ve_mandant_nr": "001",
            "ve_we_nr": "0123",
            "ve_gebaeude_nr": house,
            "ve_ve_nr": nr,
        }
        for house, nr in (("01", "0002"), ("98", "0404"))
    ],
    "mietkondition": [
        {
            **WOHNUNG,
            "mv_nr": "01",
            "kondition_art": "Nettokaltmiete",
            "gueltig_von": "2020-02-01",
            "betrag_netto": "712,5",
        },
        {**WOHNUNG, "mv_nr": "12", "kondition_art": "Nettokaltmiete", "gueltig_von": "2020-02-01"},
    ],
    "mieter": MIETER,
    "person": PERSONEN,
    "kontaktweg": KONTAKTWEGE,
    "eigentuemervertrag": EIGENTUEMERVERTRAEGE,
    "eigentuemer": EIGENTUEMER,
    "interessent": [{"interessent_nr": "I1", "nachname": "Kiefer", "geburtsdatum": "1.2.90"}],
    "archiv": [{"archiv_nr": "A1", "name": "Altbestand", "geloescht_kz": "L"}],
    "ordner": [
        {"ordner_nr": "O1", "name": "frei", "api_freigabe": "J"},
        {"ordner_nr": "O2", "name": "im Archiv", "archiv_nr": "A1"},
    ],
    "dokument": [
        {"dokument_nr": "D1", "groesse_bytes": "52428800"},
        {"dokument_nr": "D2", "ordner_nr": "O2"},
    ],
}
