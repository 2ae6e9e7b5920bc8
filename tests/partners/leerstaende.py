"""A small stock of vacancies for partners that offer them. Every rule has a row to bite on."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import duckdb

from tests.partners.conftest import STICHTAG, Marts

Row = dict[str, str]
Build = Callable[..., duckdb.DuckDBPyConnection]

PARK = {"mandant_nr": "001", "we_nr": "0007"}
HOUSE = {**PARK, "gebaeude_nr": "01"}
NO_ADDRESS = {**PARK, "gebaeude_nr": "02"}
BARE = {**PARK, "gebaeude_nr": "03"}
WITH_SLASH = {"mandant_nr": "001", "we_nr": "00/9", "gebaeude_nr": "01"}
WITHOUT_WE = {"mandant_nr": "002", "gebaeude_nr": "77", "quelle_erp": "uts_karthago"}
OTHER_MANDANT = {"mandant_nr": "900", "we_nr": "0001", "gebaeude_nr": "01"}

# What the partners that offer a vacancy say of whom to ask.
CONTACT = {"kontakt_email": "post@example.org", "kontakt_name": "Vermietung"}
FLAT, PRACTICE = "001/0007/01/0001", "001/0007/01/0002"
NO_KIND = dict.fromkeys(
    (
        "wohnung",
        "haus",
        "buero_praxen",
        "einzelhandel",
        "gastgewerbe",
        "hallen_lager_prod",
        "parken",
        "sonstige",
    )
)
PROVIDER = {
    "anbieternr": "001",
    "firma": "Bauverein Muster eG",
    "openimmo_anid": "A" + hashlib.sha256(b"001").hexdigest()[:30].upper(),
}
# By hand what two of them are in OpenImmo: one of which the ERP knows everything, and one of which it knows little.
IMMOBILIEN: Mapping[str, Any] = {
    FLAT: {
        "anbieter": PROVIDER,
        "objektkategorie": {
            "nutzungsart": {"WOHNEN": True, "GEWERBE": False},
            "vermarktungsart": {"KAUF": False, "MIETE_PACHT": True},
            "objektart": {**NO_KIND, "wohnung": {"wohnungtyp": "KEINE_ANGABE"}},
        },
        "geo": {
            "plz": "01067",
            "ort": "Dresden",
            "strasse": "Lindenweg",
            "hausnummer": "12a",
            "land": {"iso_land": "DEU"},
            "etage": 2,
            "wohnungsnr": "0001",
        },
        "kontaktperson": {"email_zentrale": "post@example.org", "name": "Vermietung"},
        "preise": {
            "nettokaltmiete": 612.4,
            "kaltmiete": 722.4,
            "warmmiete": 807.9,
            "nebenkosten": 110,
            "heizkosten_enthalten": False,
            "heizkosten": 85.5,
            "waehrung": {"iso_waehrung": "EUR"},
            "kaution": 1837.2,
        },
        "flaechen": {"wohnflaeche": 54.3, "nutzflaeche": 81, "anzahl_zimmer": 2.5},
        "ausstattung": {
            "kueche": {"EBK": True},
            "heizungsart": {"ZENTRAL": True},
            "fahrstuhl": {"PERSONEN": True},
            "unterkellert": {"keller": "JA"},
            "fahrradraum": True,
            "gaestewc": True,
            "user_defined_simplefield": [{"feldname": "gegensprechanlage", "text": "true"}],
        },
        "zustand_angaben": {
            "baujahr": "1956",
            "energiepass": [
                {
                    "epart": "BEDARF",
                    "gueltig_bis": "2033-11-30",
                    "energieverbrauchkennwert": None,
                    "endenergiebedarf": "71.25",
                    "primaerenergietraeger": "Gas",
                    "wertklasse": "B",
                    "jahrgang": "2014",
                    "gebaeudeart": "nichtwohn",
                }
            ],
        },
        "freitexte": {"objekttitel": "Wohnung, Lindenweg 12a, Dresden"},
        "verwaltung_objekt": {
            "verfuegbar_ab": "2026-05-01",
            "abdatum": "2026-05-01",
            "wbs_sozialwohnung": True,
        },
    },
    PRACTICE: {
        "anbieter": PROVIDER,
        "objektkategorie": {
            "nutzungsart": {"WOHNEN": False, "GEWERBE": True},
            "vermarktungsart": {"KAUF": False, "MIETE_PACHT": True},
            "objektart": {**NO_KIND, "buero_praxen": {"buero_typ": "PRAXIS"}},
        },
        "geo": {
            "plz": "01067",
            "ort": "Dresden",
            "strasse": "Lindenweg",
            "hausnummer": "12a",
            "land": {"iso_land": "DEU"},
            "etage": 1,
            "wohnungsnr": "0002",
        },
        "kontaktperson": {"email_zentrale": "post@example.org", "name": "Vermietung"},
        "preise": {
            "nettokaltmiete": 500,
            "kaltmiete": None,
            "warmmiete": None,
            "nebenkosten": None,
            "heizkosten_enthalten": True,
            "heizkosten": None,
            "waehrung": {"iso_waehrung": "EUR"},
            "kaution": None,
        },
        "flaechen": {"wohnflaeche": None, "nutzflaeche": 120.5, "anzahl_zimmer": 4},
        "ausstattung": {
            "kueche": {"EBK": None},
            "heizungsart": {"ZENTRAL": None},
            "fahrstuhl": {"PERSONEN": True},
            "unterkellert": {"keller": None},
            "fahrradraum": None,
            "gaestewc": None,
            "user_defined_simplefield": None,
        },
        "zustand_angaben": {
            "baujahr": "1928",
            "energiepass": [
                {
                    "epart": "VERBRAUCH",
                    "gueltig_bis": "2031-05-31",
                    "energieverbrauchkennwert": "98.40",
                    "endenergiebedarf": None,
                    "primaerenergietraeger": "Fernwärme",
                    "wertklasse": "C",
                    "jahrgang": "2014",
                    "gebaeudeart": "wohn",
                }
            ],
        },
        "freitexte": {"objekttitel": "Praxis, Lindenweg 12a, Dresden"},
        "verwaltung_objekt": {
            "verfuegbar_ab": "2026-04-01",
            "abdatum": "2026-04-01",
            "wbs_sozialwohnung": False,
        },
    },
}


def unit(house: Row, ve_nr: str, ve_art: str = "Wohnung", **more: str) -> Row:
    return {**house, "ve_nr": ve_nr, "ve_art": ve_art, **more}


def vacancy(house: Row, ve_nr: str, leer_ab: str = "2026-04-01", **more: str) -> Row:
    """A released vacancy with a rent and an area."""
    given = {"freigegeben": "J", "nettokaltmiete": "500", "wohnflaeche": "50", "objektart": "Wohnen"}
    key = {name: value for name, value in house.items() if name != "quelle_erp"}
    return {**key, "ve_nr": ve_nr, "leer_ab": leer_ab, **given, **more}


LEERSTAENDE: Mapping[str, list[Row]] = {
    "mandant": [
        {"mandant_nr": "001", "name": "Bauverein Muster eG"},
        {"mandant_nr": "002", "name": "Muster Zwei"},
        {"mandant_nr": "900", "name": "Muster Fremd"},
    ],
    "wirtschaftseinheit": [
        {**PARK, "bezeichnung": "Am Park", "baujahr": "1931"},
        {"mandant_nr": "001", "we_nr": "00/9"},
        {"mandant_nr": "900", "we_nr": "0001"},
    ],
    "gebaeude": [
        {
            **HOUSE,
            "strasse": "Lindenweg",
            "hausnummer": "12",
            "hausnummer_zusatz": "a",
            "plz": "01067",
            "ort": "Dresden",
            "baujahr": "1928",
            "aufzug": "J",
            "energieausweis_art": "VERBRAUCH",
            "energie_kennwert": "98,40",
            "energieeffizienzklasse": "C",
            "energietraeger": "Fernwärme",
            "energieausweis_gueltig_bis": "2031-05-31",
            "energieausweis_jahrgang": "2014",
            "energie_gebaeudeart": "wohn",
        },
        {**NO_ADDRESS, "strasse": "Waldweg"},
        {
            **BARE,
            "strasse": "Bachgasse",
            "hausnummer": "7",
            "plz": "1010",
            "ort": "Wien",
            "land": "AT",
            "aufzug": "N",
        },
        {**WITH_SLASH, "strasse": "Hang", "hausnummer": "1", "plz": "01067", "ort": "Dresden"},
        {**WITHOUT_WE, "strasse": "Hang", "hausnummer": "2", "plz": "01796", "ort": "Pirna"},
        {**OTHER_MANDANT, "strasse": "Hang", "hausnummer": "3", "plz": "01067", "ort": "Dresden"},
    ],
    "verwaltungseinheit": [
        unit(
            HOUSE,
            "0001",
            etage_lage="3. OG",
            zimmer="3,5",
            wohnflaeche="77,70",
            nutzflaeche="81,00",
            ausstattung="Keller, Einbauküche, Balkon, Fahrradraum, Gäste-WC, Zentralheizung, Gegensprechanlage",
            wbs_erforderlich="J",
        ),
        unit(
            HOUSE,
            "0002",
            "Praxis",
            nutzflaeche="120,50",
            etage_lage="1. OG",
            zimmer="4",
            wbs_erforderlich="N",
        ),
        *(unit(HOUSE, f"000{n}") for n in range(3, 9)),
        unit(HOUSE, "0009", "Tiefgarage", nutzflaeche="12"),
        unit(HOUSE, "0010"),
        unit(HOUSE, "0011", abgang_am="2026-01-31"),
        unit(HOUSE, "0012", "Sonstiges"),
        unit(HOUSE, "0013"),
        unit(NO_ADDRESS, "0001"),
        unit(BARE, "0001", "Einfamilienhaus", ausstattung="Aufzug"),
        unit(WITH_SLASH, "0001"),
        unit(WITHOUT_WE, "0001"),
        unit(OTHER_MANDANT, "0001"),
    ],
    "leerstand": [
        vacancy(
            HOUSE,
            "0001",
            "2026-03-15",
            verfuegbar_ab="2026-05-01",
            etage="2",
            zimmer="2,5",
            wohnflaeche="54,30",
            baujahr="1956",
            nettokaltmiete="612,40",
            nebenkosten="110,00",
            heizkosten="85,50",
            heizkosten_enthalten="N",
            warmmiete="807,90",
            kaution="1837,20",
            energieausweis_art="Bedarf",
            energie_kennwert="71,25",
            energieeffizienzklasse="B",
            energietraeger="Gas",
            energieausweis_gueltig_bis="2033-11-30",
            energieausweis_jahrgang="2014",
            energie_gebaeudeart="nichtwohn",
        ),
        vacancy(HOUSE, "0002", objektart="Gewerbe", wohnflaeche="", heizkosten_enthalten="J"),
        vacancy(HOUSE, "0003", freigegeben="N"),
        vacancy(HOUSE, "0004", leer_bis="2026-03-30"),
        vacancy(HOUSE, "0005", leer_bis="31.06.2026"),
        vacancy(HOUSE, "0006", nettokaltmiete=""),
        vacancy(HOUSE, "0007", vermarktungsart="Kauf"),
        vacancy(HOUSE, "0008", "2027-01-01", nettokaltmiete="702"),
        vacancy(HOUSE, "0008", "2026-03-01", nettokaltmiete="701", leer_bis="2026-03-31"),
        vacancy(HOUSE, "0008", "2025-01-01", nettokaltmiete="700", vermarktungsart="Kauf"),
        vacancy(HOUSE, "0009", objektart="", wohnflaeche="", nettokaltmiete="65"),
        vacancy(HOUSE, "0010", freigegeben="vielleicht"),
        vacancy(HOUSE, "0011"),
        vacancy(HOUSE, "0012", objektart="Schiff"),
        vacancy(HOUSE, "0013", nettokaltmiete="0"),
        vacancy(NO_ADDRESS, "0001"),
        vacancy(BARE, "0001", wohnflaeche="140", etage="-1"),
        vacancy(WITH_SLASH, "0001"),
        vacancy(WITHOUT_WE, "0001", quelle_erp="uts_karthago"),
        vacancy(OTHER_MANDANT, "0001"),
    ],
}


# Kinds of units that are offered, by the number of their VE.
OFFERED_KINDS = {"0030": "Gastronomie", "0031": "Lager", "0032": "Gewerbe"}
# What these kinds are in OpenImmo.
KINDS_IN_OPENIMMO = {
    "001/0007/01/0030": {**NO_KIND, "gastgewerbe": {"gastgew_typ": "GASTRONOMIE"}},
    "001/0007/01/0031": {**NO_KIND, "hallen_lager_prod": {"hallen_typ": "LAGER"}},
    "001/0007/01/0032": {**NO_KIND, "sonstige": {"sonstige_typ": "SONSTIGE"}},
}
# Vacancies of these kinds, with one thing in them, a unit that nobody knows, and offers of a kind that is on a list and
# on none.
MORE: Mapping[str, list[Row]] = {
    "verwaltungseinheit": [
        *(unit(HOUSE, nr, kind, ausstattung="Fahrradraum") for nr, kind in OFFERED_KINDS.items()),
        unit(HOUSE, ""),
        *(unit(HOUSE, nr) for nr in ("0040", "0041", "0042")),
    ],
    "leerstand": [
        *(vacancy(HOUSE, nr, objektart="Gewerbe") for nr in OFFERED_KINDS),
        vacancy(HOUSE, "0040", vermarktungsart=" zu VERMIETEN "),
        vacancy(HOUSE, "0041", vermarktungsart="Verkauf", objektart="Schiff"),
        vacancy(HOUSE, "0042", vermarktungsart="Erbpacht"),
    ],
}


def built(build: Build, partner: str, more: Mapping[str, list[Row]] | None = None, **options: Any) -> Marts:
    """The partner's marts of these vacancies, and of `more` rows; separator /, Mandanten 001 and 002; its data tests
    have passed."""
    tables = {name: [*rows, *(more or {}).get(name, [])] for name, rows in LEERSTAENDE.items()}
    setting = {"aktiv": True, "separator": "/", "mandanten": ["001", "002"], **options}
    settings = {"stichtag": STICHTAG, "partners": {partner: setting}}
    return Marts(build(tables, select=[f"+{partner}"], vars=settings, tests=True))
