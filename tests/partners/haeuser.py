"""A small stock of houses for partners that get no persons: PriceHubble and QUIS. Every rule has a row to bite on."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import duckdb

from pipelines.contract.contract import load_contract
from pipelines.plan.marts import render_marts
from tests.partners.conftest import STICHTAG, Marts

Row = dict[str, str]
Build = Callable[..., duckdb.DuckDBPyConnection]

PARK = {"mandant_nr": "001", "we_nr": "0007"}
LINDENWEG = {**PARK, "gebaeude_nr": "01"}
FINKENWEG = {**PARK, "gebaeude_nr": "02"}
NO_STREET = {**PARK, "gebaeude_nr": "03"}
ABROAD = {**PARK, "gebaeude_nr": "04"}
PARKING = {**PARK, "gebaeude_nr": "05"}
SHOP = {**PARK, "gebaeude_nr": "06"}
ATTIC = {**PARK, "gebaeude_nr": "07"}
WITH_SLASH = {"mandant_nr": "001", "we_nr": "00/9", "gebaeude_nr": "01"}
WITHOUT_WE = {"mandant_nr": "002", "gebaeude_nr": "77", "quelle_erp": "uts_karthago"}
OTHER_MANDANT = {"mandant_nr": "900", "we_nr": "0001", "gebaeude_nr": "01"}

# Years of construction around the limits at the key date in 2026, one house with one flat for each.
YEARS = {"11": "1849", "12": "1850", "13": "2029", "14": "2030", "15": "um 1900"}
LONG = "Galeriewohnung über zwei Etagen mit Blick in den Innenhof, Nr. 3"


def flat(house: Row, ve_nr: str, wohnflaeche: str | None = "61,05", **more: str) -> Row:
    area = {"wohnflaeche": wohnflaeche} if wohnflaeche else {}
    return {**house, "ve_nr": ve_nr, "ve_art": "Wohnung", **area, **more}


def house(key: Row, strasse: str, hausnummer: str, plz: str, **more: str) -> Row:
    return {**key, "strasse": strasse, "hausnummer": hausnummer, "plz": plz, "ort": "Dresden", **more}


HAEUSER: Mapping[str, list[Row]] = {
    "mandant": [{"mandant_nr": nr, "name": f"Muster {nr}"} for nr in ("001", "002", "900")],
    "wirtschaftseinheit": [
        {**PARK, "bezeichnung": "Am Park", "baujahr": "1931"},
        {"mandant_nr": "001", "we_nr": "00/9"},
        {"mandant_nr": "900", "we_nr": "0001"},
    ],
    "eigentuemervertrag": [
        {**ATTIC, "ve_nr": "0001", "ev_nr": "1", "beginn": "2020-01-01", "selbstgenutzt": "J"},
        {**LINDENWEG, "ve_nr": "0001", "ev_nr": "1", "beginn": "2020-01-01", "selbstgenutzt": "J"},
        {
            **SHOP,
            "ve_nr": "0001",
            "ev_nr": "1",
            "beginn": "2020-01-01",
            "ende": "2026-03-30",
            "selbstgenutzt": "J",
        },
    ],
    "mietvertrag": [
        {**LINDENWEG, "ve_nr": "0001", "mv_nr": "1", "vertragsart": "Miete", "mietbeginn": "2021-05-01"},
    ],
    "gebaeude": [
        house(
            LINDENWEG,
            "Lindenweg",
            "12",
            "01067",
            hausnummer_zusatz="a",
            baujahr="1928.0",
            geschosse="5",
            aufzug="J",
            energieausweis_art="VERBRAUCH",
            energie_kennwert="98,40",
            energieeffizienzklasse="C",
            energietraeger="Gas",
        ),
        house(
            FINKENWEG,
            "Finkenweg",
            "3",
            "01099",
            aufzug="X",
            energieausweis_art="VERBRAUCH",
            energie_kennwert="71,25",
            energietraeger="Erdgas",
        ),
        {**NO_STREET, "ort": "Dresden", "baujahr": "1975"},
        house(
            ABROAD,
            "Amselgasse",
            "7",
            "1010",
            land="AT",
            baujahr="1980",
            energieausweis_art="BEDARF",
            energie_kennwert="44",
            energieeffizienzklasse="I",
            energietraeger="Fernwärme",
        ),
        house(PARKING, "Lindenweg", "14", "01067"),
        {**SHOP, "strasse": "Lindenweg", "ort": "Dresden"},
        house(ATTIC, "Bachweg", "2-4", "01067"),
        *(
            house(
                {**PARK, "gebaeude_nr": nr},
                "Jahresring",
                nr,
                "01109",
                baujahr=year,
                energieeffizienzklasse="A++",
            )
            for nr, year in YEARS.items()
        ),
        house(WITH_SLASH, "Meisenweg", "1", "01067", baujahr="1990"),
        {
            **WITHOUT_WE,
            "strasse": "Hang",
            "plz": "01796",
            "ort": "Pirna",
            "baujahr": "1999",
            "energieeffizienzklasse": "A+",
            "aufzug": "J",
        },
        house(OTHER_MANDANT, "Starenweg", "1", "01067", baujahr="1990"),
    ],
    "verwaltungseinheit": [
        flat(
            LINDENWEG,
            "0001",
            "54,30",
            bezeichnung="Wohnung 1",
            etage_lage="1. OG links",
            nutzflaeche="60,00",
            zimmer="2,5",
        ),
        {**LINDENWEG, "ve_nr": "0002", "ve_art": "Einzelhandel", "wohnflaeche": "80", "nutzflaeche": "80"},
        flat(LINDENWEG, "0003", "10,00", ve_art="Maisonette", bezeichnung=LONG, zimmer="20,5"),
        flat(LINDENWEG, "0004", "9,99"),
        flat(LINDENWEG, "0005", "800,01"),
        flat(LINDENWEG, "0006", "800,00", zimmer="0,5"),
        flat(LINDENWEG, "0007", None, nutzflaeche="60,00"),
        flat(LINDENWEG, "0008", zimmer="2,3"),
        flat(LINDENWEG, "0009", zimmer="20", etage_lage="Keller"),
        flat(LINDENWEG, "0010", zimmer="1", ve_art="Appartement"),
        flat(
            FINKENWEG,
            "0001",
            "142,75",
            ve_art="Einfamilienhaus",
            zimmer="5,5",
            ausstattung="Keller, Balkon, Einbauküche",
            wbs_erforderlich="J",
            etage_lage="Erdgeschoss",
        ),
        flat(NO_STREET, "0001"),
        flat(ABROAD, "0001", ausstattung="Keller", zimmer="3"),
        {**PARKING, "ve_nr": "S-1", "ve_art": "Stellplatz"},
        {**PARKING, "ve_nr": "S-2", "ve_art": "Stellplatz"},
        {**SHOP, "ve_nr": "0001", "ve_art": "Laden"},
        flat(ATTIC, "0001", ve_art="Dachgeschosswohnung", etage_lage="4. OG"),
        *(flat({**PARK, "gebaeude_nr": nr}, "0001", zimmer="3,5") for nr in YEARS),
        flat(WITH_SLASH, "0001"),
        flat(WITHOUT_WE, "0001", "99,90", ve_art="Penthouse", zimmer="4", wbs_erforderlich="N"),
        flat(OTHER_MANDANT, "0001"),
    ],
}


@cache
def built(build: Build, expose_als: str = "property_groups") -> Marts:
    """PriceHubble and QUIS of this stock, Mandanten 001 and 002; their data tests have passed.

    With `expose_als` other than the default QUIS alone.
    """
    setting = {"aktiv": True, "separator": "/", "mandanten": ["001", "002"]}
    partners = {"quis": {**setting, "expose_als": expose_als}}
    if expose_als == "property_groups":
        partners["pricehubble"] = setting
    vars = {"stichtag": STICHTAG, "partners": partners}
    # The data tests of staging hold nothing of these partners.
    select = [f"+{name},resource_type:{kind}" for name in partners for kind in ("model", "seed")]
    select += [f"{name},resource_type:test" for name in partners]
    return Marts(build(HAEUSER, select=select, vars=vars, tests=True))


def requests(marts: Marts, partner: str, entity: str) -> dict[str, Any]:
    """By external id: the body of the create as the plan renders it, parents by their external ids."""
    contract = load_contract(partner)
    render_marts(marts.database, contract, [contract.entities[entity]])
    found = marts.database.execute("select external_id, payload, refs from mart").fetchall()
    return {external_id: {**json.loads(payload), **json.loads(refs)} for external_id, payload, refs in found}
