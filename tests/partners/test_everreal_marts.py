"""What EverReal gets of a small stock of invented people: the bodies as they are sent, every value by hand."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import pytest
from openapi_schema_validator import OAS31Validator

from pipelines.contract.contract import load_contract
from pipelines.plan.marts import render_marts
from tests.conftest import Build
from tests.partners.bestand import Row, Tables, contact, lease, owner, person, tenant

CONTRACT = load_contract("everreal")
STICHTAG = "2026-03-31"
SETTINGS = {
    "aktiv": True,
    "separator": "-",
    "mandanten": ["001", "002"],
    "gebaeude_importieren": True,
    "standard_eigentuemer": "BESTAND",
    "firma_vorname": "Die's Firma",
    "kosten_standard": "Heizungskosten",
    "quelle": "musterhaus",
}
META = {"source": "musterhaus"}

LINDENWEG = {"mandant_nr": "001", "we_nr": "0007", "gebaeude_nr": "01"}
GARAGENHOF = {**LINDENWEG, "gebaeude_nr": "02"}
WIESE = {"mandant_nr": "002", "we_nr": "0001", "gebaeude_nr": "01"}
WITHOUT_WE = {"mandant_nr": "002", "gebaeude_nr": "77", "quelle_erp": "uts_karthago"}
TWIN = {"mandant_nr": "002", "gebaeude_nr": "0001", "quelle_erp": "uts_karthago"}  # with the number of a WE
WITH_DASH = {"mandant_nr": "001", "we_nr": "0-9", "gebaeude_nr": "01"}
OTHER_MANDANT = {"mandant_nr": "900", "we_nr": "0001", "gebaeude_nr": "01"}

FLAT = {**LINDENWEG, "ve_nr": "0001"}
SHOP = {**LINDENWEG, "ve_nr": "0002"}
LOFT = {**LINDENWEG, "ve_nr": "0003"}
GARAGE = {**GARAGENHOF, "ve_nr": "G1"}
PARKING = {**WIESE, "ve_nr": "0001"}
UTS_FLAT = {**WITHOUT_WE, "ve_nr": "0001"}


def adresse(strasse: str, hausnummer: str, plz: str, ort: str, **more: str) -> Row:
    return {"strasse": strasse, "hausnummer": hausnummer, "plz": plz, "ort": ort, **more}


def kondition(unit: Row, art: str, netto: str, von: str, **more: str) -> Row:
    return {
        **unit,
        "mv_nr": "01",
        "kondition_art": art,
        "betrag_netto": netto,
        "betrag_brutto": "9999,99",
        "gueltig_von": von,
        **more,
    }


def besitz(unit: Row, ev_nr: str, beginn: str) -> Row:
    return {**unit, "ev_nr": ev_nr, "beginn": beginn}


STOCK: Tables = {
    "mandant": [{"mandant_nr": nr, "name": f"Muster {nr}"} for nr in ("001", "002", "900")],
    "wirtschaftseinheit": [
        {"mandant_nr": "001", "we_nr": "0007", "bezeichnung": "Gartenstadt", "baujahr": "1931"},
        {"mandant_nr": "001", "we_nr": "0008", "bezeichnung": "Ohne Haus"},
        {"mandant_nr": "002", "we_nr": "0001"},
        {"mandant_nr": "001", "we_nr": "0-9"},
        {"mandant_nr": "900", "we_nr": "0001"},
    ],
    "gebaeude": [
        {**GARAGENHOF, "bezeichnung": "Garagenhof", "strasse": "Lindenweg", "plz": "01067", "ort": "Dresden"},
        {
            **LINDENWEG,
            **adresse("Lindenweg", "12", "01067", "Dresden", hausnummer_zusatz="a"),
            "art": "Gebaeude",
            "geschosse": "4",
            "baujahr": "1928,0",
        },
        {
            **WIESE,
            **adresse("Am Anger", "7", "1099", "Graz", land="AT"),
            "bezeichnung": "Wiese",
            "art": "Grundstueck",
            "baujahr": "um 1900",
        },
        {**WITHOUT_WE, **adresse("Hof", "3-5", "01099", "Radebeul"), "bezeichnung": "Haus ohne WE"},
        {**WITH_DASH, **adresse("Querweg", "1", "01067", "Dresden")},
        {**OTHER_MANDANT, **adresse("Fremdweg", "1", "01067", "Dresden")},
        {**TWIN, **adresse("Hof", "8", "01099", "Radebeul")},
    ],
    "verwaltungseinheit": [
        {
            **FLAT,
            "bezeichnung": "Wohnung 1",
            "ve_art": "Wohnung",
            "etage_lage": "3. OG links",
            "wohnflaeche": "54,30",
            "nutzflaeche": "60,25",
            "zimmer": "2,5",
            "ausstattung": "Einbauküche, Kellerabteil",
            "wbs_erforderlich": "J",
            "sollmiete": "512,35",
        },
        {**SHOP, "ve_art": "Einzelhandel", "ausstattung": "Aufzug", "etage_lage": "Erdgeschoss"},
        {**LOFT, "bezeichnung": "Loft im Hof", "ve_art": "Loft", "etage_lage": "DG"},
        {**GARAGE, "ve_art": "Garage"},
        {**PARKING, "ve_art": "Stellplatz", "etage_lage": "Keller"},
        UTS_FLAT,
        {**WITH_DASH, "ve_nr": "0001"},
        {**OTHER_MANDANT, "ve_nr": "0001"},
        {**TWIN, "ve_nr": "0001"},
    ],
    "leerstand": [
        {**UTS_FLAT, "leer_ab": "2026-06-01", "freigegeben": "J", "nettokaltmiete": "999,00"},
        {
            **UTS_FLAT,
            "leer_ab": "2026-04-01",
            "leer_bis": "2026-05-31",
            "verfuegbar_ab": "2026-04-15",
            "freigegeben": "J",
            "vermarktungsart": "Miete",
            "nettokaltmiete": "601,10",
            "nebenkosten": "120,00",
        },
        {**UTS_FLAT, "leer_ab": "2026-01-01", "leer_bis": "2026-03-30", "freigegeben": "J"},
        {**FLAT, "leer_ab": "2026-07-01", "freigegeben": "N", "nettokaltmiete": "700,00"},
        {**GARAGE, "leer_ab": "2026-07-01", "freigegeben": "J", "vermarktungsart": "Kauf"},
        {**SHOP, "leer_ab": "2026-08-01", "freigegeben": "J", "nettokaltmiete": "0,00"},
    ],
    "mietvertrag": [
        lease(FLAT, "00", mietbeginn="2019-01-01"),
        lease(FLAT, "01", kaution_soll="1500,5", kuendigung_am="2026-01-15", kuendigung_zum="2026-06-30"),
        lease(SHOP, "01", vertragsart="Gewerbe", mietende="2099-12-31"),
        lease(LOFT, "01", mietbeginn="2026-05-01"),
        lease(GARAGE, "01"),
        lease(PARKING, "01"),
        lease(PARKING, "02"),
        lease(UTS_FLAT, "01"),
    ],
    "mieter": [
        tenant(FLAT, "01", "P102", rolle="Hauptmieter", gueltig_von="2022-08-01"),
        tenant(FLAT, "01", "P106"),
        tenant(FLAT, "01", "P101"),
        tenant(FLAT, "01", "P100", rolle="Hauptmieter", gueltig_von="2021-05-01", gueltig_bis="2026-05-31"),
        tenant(SHOP, "01", "P200", rolle="Hauptmieter"),
        tenant(SHOP, "01", "P-9"),
        tenant(LOFT, "01", "P101", rolle="Hauptmieter"),
        tenant(GARAGE, "01", "P101", rolle="Hauptmieter"),
        tenant(PARKING, "01", "P101"),
        tenant(PARKING, "02", "P106", rolle="Hauptmieter"),
        tenant(UTS_FLAT, "01", "P102", rolle="Hauptmieter"),
    ],
    "mietkondition": [
        kondition(FLAT, "Nettokaltmiete", "400,10", "2020-02-01", gueltig_bis="2026-03-30"),
        kondition(FLAT, "Nettokaltmiete", "456,70", "2026-03-31"),
        kondition(FLAT, "Nachlass", "-6,50", "2020-02-01", gueltig_bis="2026-03-31"),
        kondition(FLAT, "Betriebskosten-VZ", "120,05", "2020-02-01"),
        kondition(FLAT, "Heizkosten-VZ", "80", "2020-02-01"),
        kondition(FLAT, "Kabelgebühr", "12,34", "2020-02-01"),
        kondition(FLAT, "Stellplatz", "50", "2026-04-01"),
        {**kondition(FLAT, "Nettokaltmiete", "333,33", "2019-01-01"), "mv_nr": "00"},
        kondition(SHOP, "Nettokaltmiete", "1.234,50", "2020-02-01"),
        kondition(LOFT, "Nettokaltmiete", "700", "2026-01-01", gueltig_bis="2026-04-30"),
        kondition(LOFT, "Nettokaltmiete", "710,07", "2026-05-01"),
    ],
    "eigentuemervertrag": [
        besitz(FLAT, "01", "2015-07-01"),
        besitz(FLAT, "02", "2019-07-01"),  # its owner has no e-mail address
        besitz(FLAT, "03", "2026-04-01"),
        besitz(SHOP, "01", "2026-04-01"),
        besitz(PARKING, "01", "2015-07-01"),
        besitz(UTS_FLAT, "01", "2015-07-01"),  # its owner has no e-mail address
        besitz(UTS_FLAT, "02", "2026-04-01"),
        besitz(LOFT, "0-1", "2015-07-01"),  # a key conflict
    ],
    "eigentuemer": [
        {**owner(FLAT, "01", "P300"), "anteil_zaehler": "1", "anteil_nenner": "3"},
        {**owner(FLAT, "01", "P301"), "anteil_zaehler": "2", "anteil_nenner": "3"},
        owner(FLAT, "02", "P302"),
        owner(FLAT, "03", "P303"),
        owner(SHOP, "01", "P303"),
        owner(PARKING, "01", "P300"),
        {**owner(PARKING, "01", "P304"), "ist_verwalteransprechpartner": "J"},
        owner(UTS_FLAT, "01", "P302"),
        owner(UTS_FLAT, "02", "P303"),
        owner(PARKING, "01", "P305"),
        owner(LOFT, "0-1", "P301"),
    ],
    "person": [
        person("P100", "Ährenfeld", vorname="Jördis"),
        person("P101", "Ohnesorg", vorname="Falk"),
        person("P102", "Zweitmann", vorname="Bo"),
        person("P106", "Namlos"),
        person("P-9", "Schräg", vorname="Ina"),
        {"person_nr": "P200", "person_art": "juristisch", "firma1": "Kiosk Nord GmbH", "vorname": "Ida"},
        person("P300", "Drittel", vorname="Arno"),
        person(
            "P301", "Eigen", vorname="Orla", strasse="Hof", hausnummer="9b", plz="2345", ort="Bern", land="CH"
        ),
        person("P302", "Ohnepost", vorname="Eva"),
        person("P303", "Kommend", vorname="Kai"),
        {"person_nr": "P304", "person_art": "juristisch", "firma1": "Grund AG"},
        person("P305", "Vornamlos"),
    ],
    "kontaktweg": [
        contact("P100", "Festnetz", "030/23125 017"),
        contact("P100", "Handynummer", "0152 28817386"),
        contact("P101", "E-Mail", "mailto:Falk@Example.org"),
        contact("P102", "Festnetz", "030/23125 018"),
        contact("P102", "Handynummer", "0171 3920012"),
        contact("P102", "E-Mail", "bo@example.org"),
        contact("P200", "E-Mail", "kiosk@example.org"),
        contact("P200", "Festnetz", "0351 4417 117"),
        contact("P300", "E-Mail", "arno@example.org"),
        contact("P301", "E-Mail", "orla@example.org"),
        contact("P301", "Festnetz", "030/23125 019"),
        contact("P302", "E-Mail", "keine"),
        contact("P303", "E-Mail", "kai@example.org"),
        contact("P303", "Handynummer", "0171 3920013"),
        contact("P303", "Festnetz", "030/23125 020"),
        contact("P304", "E-Mail", "grund@example.org"),
        contact("P305", "E-Mail", "vorname@example.org"),
    ],
}


@dataclass(frozen=True)
class EverReal:
    """Bodies and findings of one build."""

    database: duckdb.DuckDBPyConnection

    def bodies(self, entity: str) -> dict[str, dict[str, Any]]:
        """The input of the mutation for each record, in the order of our ids."""
        found = CONTRACT.entities[entity]
        render_marts(self.database, CONTRACT, [found])
        rows = self.database.execute("select external_id, payload, refs from mart order by all").fetchall()
        return {
            id_: {
                found.external_id or "": id_,
                **json.loads(payload),
                **{k: v for k, v in json.loads(refs).items() if v is not None},
            }
            for id_, payload, refs in rows
        }

    def findings(self, rule: str) -> dict[tuple[str, str], str]:
        """Table and key of what is not sent because of a rule, with the reason."""
        rows = self.database.execute(
            "select table_name, key, reason from quality.everreal__findings where rule = ?", [rule]
        ).fetchall()
        return {(table_name, key): reason for table_name, key, reason in rows}


@pytest.fixture(scope="session")
def everreal(build: Callable[..., duckdb.DuckDBPyConnection]) -> EverReal:
    """EverReal alone, with all data tests."""
    settings = {"stichtag": STICHTAG, "partners": {"everreal": SETTINGS}}
    return EverReal(build(STOCK, select=["+everreal"], vars=settings, tests=True))


@pytest.fixture(scope="session")
def ohne_gebaeude(everreal: EverReal, rebuild: Build) -> EverReal:
    """The same without the level Gebäude, with the defaults of all other settings."""
    settings = {"aktiv": True, "separator": "-", "mandanten": "alle", "gebaeude_importieren": False}
    made = rebuild(everreal.database, "everreal", {"stichtag": STICHTAG, "partners": {"everreal": settings}})
    return EverReal(made)


def test_a_wirtschaftseinheit_is_a_property_group(everreal: EverReal) -> None:
    assert everreal.bodies("objektgruppen") == {
        "001-0007": {"externalPropertyGroupId": "001-0007", "name": "Gartenstadt"},
        "001-0008": {"externalPropertyGroupId": "001-0008", "name": "Ohne Haus"},
        "002-0001": {"externalPropertyGroupId": "002-0001", "name": "0001"},
    }


def test_a_gebaeude_with_a_whole_address_is_a_property(everreal: EverReal) -> None:
    same = {"meta": META, "category": "RESIDENTIAL_AND_COMMERCIAL", "ownershipType": "MULTIPLE"}
    properties = everreal.bodies("objekte")
    assert properties.pop("002-0001")["name"] == "Hof 8"
    assert properties == {
        "001-0007-01": {
            **same,
            "externalPropertyId": "001-0007-01",
            "externalPropertyGroupId": "001-0007",
            "name": "Lindenweg 12a",
            "address": {
                "streetName": "Lindenweg",
                "streetNumber": "12a",
                "zipCode": "01067",
                "city": "Dresden",
                "country": "DE",
            },
            "type": "BUILDING",
            "subtype": "BUILDING",
            "noOfStories": 4,
            "yearBuilt": 1928,
        },
        "002-0001-01": {
            **same,
            "externalPropertyId": "002-0001-01",
            "externalPropertyGroupId": "002-0001",
            "name": "Wiese",
            "address": {
                "streetName": "Am Anger",
                "streetNumber": "7",
                "zipCode": "1099",
                "city": "Graz",
                "country": "AT",
            },
            "type": "LAND",
            "subtype": "LAND",
            "noOfStories": None,
            "yearBuilt": None,
        },
        "002-77": {
            **same,
            "externalPropertyId": "002-77",
            "name": "Haus ohne WE",
            "address": {
                "streetName": "Hof",
                "streetNumber": "3-5",
                "zipCode": "01099",
                "city": "Radebeul",
                "country": "DE",
            },
            "type": "BUILDING",
            "subtype": "BUILDING",
            "noOfStories": None,
            "yearBuilt": None,
        },
    }


def test_an_owner_with_an_e_mail_address_and_a_first_name_is_sent(everreal: EverReal) -> None:
    nowhere = {"streetName": None, "streetNumber": None, "zipCode": None, "city": None, "country": None}
    owners = everreal.bodies("eigentuemer")
    assert list(owners) == ["P300", "P301", "P303", "P304"]
    assert owners["P301"] == {
        "externalOwnerId": "P301",
        "meta": META,
        "firstName": "Orla",
        "lastName": "Eigen",
        "companyName": None,
        "email": "orla@example.org",
        "phoneNo": "030/23125 019",
        "address": {
            "streetName": "Hof",
            "streetNumber": "9b",
            "zipCode": "2345",
            "city": "Bern",
            "country": "CH",
        },
    }
    assert owners["P303"]["phoneNo"] == "0171 3920013"
    assert owners["P304"] == {
        "externalOwnerId": "P304",
        "meta": META,
        "firstName": "Die's Firma",
        "lastName": "Grund AG",
        "companyName": "Grund AG",
        "email": "grund@example.org",
        "phoneNo": None,
        "address": nowhere,
    }


def test_owners_that_everreal_cannot_take_are_reported(everreal: EverReal) -> None:
    assert set(everreal.findings("EV1")) == {("person", "P302"), ("person", "P305")}
    rows = everreal.database.execute(
        "select key, column_name from quality.everreal__findings where rule = 'EV1' order by all"
    ).fetchall()
    assert rows == [("P302", "email"), ("P305", "vorname")]


def test_a_unit_does_not_go_from_an_owner_that_everreal_cannot_take_to_another(everreal: EverReal) -> None:
    held = everreal.database.execute(
        "select external_id, part, also_in_mart from partners.everreal__held"
        " where entity = 'einheiten' and rule = 'EV1' order by all"
    ).fetchall()
    assert held == [
        ("001-0007-01-0001", "P302", True),
        ("002-0001-01-0001", "P305", True),
        ("002-77-0001", "P302", True),
    ]


def test_a_verwaltungseinheit_is_a_unit_with_everything_the_erp_knows(everreal: EverReal) -> None:
    assert everreal.bodies("einheiten")["001-0007-01-0001"] == {
        "externalUnitId": "001-0007-01-0001",
        "externalPropertyId": "001-0007-01",
        "externalOwnerId": "P301",
        "meta": META,
        "name": "Wohnung 1",
        "category": "RESIDENTIAL",
        "type": "APARTMENT",
        "subtype": "NO_INFORMATION",
        "floorNo": 3,
        "mainStorage": True,
        "financingType": "PUBLICLY_SUBSIDIZED",
        "targetRent": 512.35,
        "currentRent": 450.2,
        "livingSurface": 54.3,
        "netFloorSurface": 60.25,
        "rooms": {"rooms": 2.5},
        "surcharges": None,
        "availableFrom": None,
    }


def test_a_released_vacancy_gives_its_unit_a_date_and_rents(everreal: EverReal) -> None:
    units = everreal.bodies("einheiten")
    names = ("availableFrom", "targetRent", "surcharges")
    assert {key: tuple(unit[name] for name in names) for key, unit in units.items()} == {
        "001-0007-01-0001": (None, 512.35, None),  # not released
        "001-0007-01-0002": ("2026-08-01", 1234.5, None),  # a rent of 0 is none: that of the lease
        "001-0007-01-0003": (None, 0, None),
        "002-0001-0001": (None, 0, None),
        "002-0001-01-0001": (None, 0, None),
        "002-77-0001": ("2026-04-15", 601.1, 120),  # the first that is not over
    }


def test_what_the_erp_does_not_know_of_a_unit_gets_everreals_default(everreal: EverReal) -> None:
    assert everreal.bodies("einheiten")["001-0007-01-0003"] == {
        "externalUnitId": "001-0007-01-0003",
        "externalPropertyId": "001-0007-01",
        "externalOwnerId": "BESTAND",
        "meta": META,
        "name": "Loft im Hof",
        "category": "RESIDENTIAL",
        "type": "APARTMENT",
        "subtype": "NO_INFORMATION",
        "floorNo": 0,
        "mainStorage": False,
        "financingType": "PRIVATELY_FINANCED",
        "targetRent": 0,
        "currentRent": None,
        "livingSurface": None,
        "netFloorSurface": None,
        "rooms": None,
        "surcharges": None,
        "availableFrom": None,
    }


def test_kind_floor_and_rent_of_a_unit_come_from_erp_and_seed(everreal: EverReal) -> None:
    units = everreal.bodies("einheiten")
    names = ("name", "category", "type", "subtype", "floorNo", "targetRent", "currentRent")
    assert {id_: tuple(unit[name] for name in names) for id_, unit in units.items()} == {
        "001-0007-01-0001": (
            "Wohnung 1",
            "RESIDENTIAL",
            "APARTMENT",
            "NO_INFORMATION",
            3,
            512.35,
            450.2,
        ),
        "001-0007-01-0002": ("0002", "COMMERCIAL", "STORE", "STORE", 0, 1234.5, 1234.5),
        "001-0007-01-0003": ("Loft im Hof", "RESIDENTIAL", "APARTMENT", "NO_INFORMATION", 0, 0, None),
        "002-0001-0001": ("0001", "RESIDENTIAL", "APARTMENT", "NO_INFORMATION", 0, 0, None),
        "002-0001-01-0001": ("0001", "RESIDENTIAL", "PARKING", "NO_INFORMATION", -1, 0, None),
        "002-77-0001": ("0001", "RESIDENTIAL", "APARTMENT", "NO_INFORMATION", 0, 601.1, None),
    }


def test_the_owner_of_a_unit_is_the_one_of_today_who_can_be_sent_else_the_default(everreal: EverReal) -> None:
    units = everreal.bodies("einheiten")
    assert {id_: unit["externalOwnerId"] for id_, unit in units.items()} == {
        "001-0007-01-0001": "P301",  # the larger share; the later contract's owner cannot be sent
        "001-0007-01-0002": "P303",  # nobody owns it yet
        "001-0007-01-0003": "BESTAND",  # the number of its contract has a dash
        "002-0001-0001": "BESTAND",
        "002-0001-01-0001": "P304",  # the contact of the manager
        "002-77-0001": "BESTAND",  # today's owner cannot be sent, the next one does not own it yet
    }
    refs = everreal.database.execute(
        "select external_id, eigentuemer_external_id from partners.everreal__einheiten order by all"
    ).fetchall()
    assert [ref for _, ref in refs] == ["P301", "P303", None, None, "P304", None]


def test_a_lease_is_one_tenant_with_contract_and_co_tenants(everreal: EverReal) -> None:
    assert everreal.bodies("mieter")["001-0007-01-0001-01-P100"] == {
        "externalTenantId": "001-0007-01-0001-01-P100",
        "externalUnitId": "001-0007-01-0001",
        "meta": META,
        "firstName": "Jördis",
        "lastName": "Ährenfeld",
        "companyName": None,
        "email": None,
        "phoneNumber": "030/23125 017",
        "cellPhoneNumber": "0152 28817386",
        "additionalTenants": [
            {
                "externalId": "001-0007-01-0001-01-P102",
                "firstName": "Bo",
                "lastName": "Zweitmann",
                "email": "bo@example.org",
                "phoneNumber": "0171 3920012",
            },
            {
                "externalId": "001-0007-01-0001-01-P101",
                "firstName": "Falk",
                "lastName": "Ohnesorg",
                "email": "falk@example.org",
                "phoneNumber": None,
            },
            {
                "externalId": "001-0007-01-0001-01-P106",
                "firstName": None,
                "lastName": "Namlos",
                "email": None,
                "phoneNumber": None,
            },
        ],
        "coldRent": "450.20",
        "serviceCharges": "120.05",
        "heatingCosts": "92.34",
        "totalRent": "662.59",
        "securityDeposit": "1500.50",
        "contractStartDate": "2021-05-01",
        "contractEndDate": "2026-05-31",
        "terminationDate": "2026-01-15",
    }


def test_a_company_rents_under_its_name_and_a_first_name_of_the_settings(everreal: EverReal) -> None:
    assert everreal.bodies("mieter")["001-0007-01-0002-01-P200"] == {
        "externalTenantId": "001-0007-01-0002-01-P200",
        "externalUnitId": "001-0007-01-0002",
        "meta": META,
        "firstName": "Die's Firma",
        "lastName": "Kiosk Nord GmbH",
        "companyName": "Kiosk Nord GmbH",
        "email": "kiosk@example.org",
        "phoneNumber": "0351 4417 117",
        "cellPhoneNumber": None,
        "additionalTenants": [],
        "coldRent": "1234.50",
        "serviceCharges": None,
        "heatingCosts": None,
        "totalRent": "1234.50",
        "securityDeposit": None,
        "contractStartDate": "2020-02-01",
        "contractEndDate": "2099-12-31",
        "terminationDate": None,
    }


def test_a_future_lease_has_the_rent_of_its_first_day(everreal: EverReal) -> None:
    coming = everreal.bodies("mieter")["001-0007-01-0003-01-P101"]
    assert (coming["contractStartDate"], coming["coldRent"], coming["totalRent"]) == (
        "2026-05-01",
        "710.07",
        "710.07",
    )


def test_leases_of_sent_units_with_a_hauptmieter_are_sent_and_no_others(everreal: EverReal) -> None:
    assert list(everreal.bodies("mieter")) == [
        "001-0007-01-0001-01-P100",
        "001-0007-01-0002-01-P200",
        "001-0007-01-0003-01-P101",
        "002-77-0001-01-P102",
    ]
    assert everreal.findings("EV4") == {
        ("mietvertrag", "002/0001/01/0001/01"): "no Hauptmieter",
        ("mietvertrag", "002/0001/01/0001/02"): "no Hauptmieter with a first name",
    }


def test_what_lies_below_a_property_without_an_address_is_reported_with_it(everreal: EverReal) -> None:
    why = "no street, house number, postcode or town"
    assert everreal.findings("EV2") == {
        ("gebaeude", "001/0007/02"): why,
        ("verwaltungseinheit", "001/0007/02/G1"): f"property 001-0007-02: {why}",
        ("mietvertrag", "001/0007/02/G1/01"): f"unit 001-0007-02-G1: property 001-0007-02: {why}",
    }
    assert everreal.findings("EV3") == {}
    assert everreal.findings("I6") == {}


def test_key_conflicts_are_reported_for_tenants_without_an_e_mail_address_too(everreal: EverReal) -> None:
    assert set(everreal.findings("I5")) == {
        ("wirtschaftseinheit", "001/0-9"),
        ("gebaeude", "001/0-9/01"),
        ("verwaltungseinheit", "001/0-9/01/0001"),
        ("mieter", "001/0007/01/0002/01/P-9"),
        ("eigentuemervertrag", "001/0007/01/0003/0-1"),
        ("eigentuemer", "001/0007/01/0003/0-1/P301"),
    }


def test_labels_and_kinds_that_the_seeds_do_not_know_are_shown(everreal: EverReal) -> None:
    assert everreal.database.execute(
        "select kondition_art, kostenart from intermediate.int_everreal__kostenarten"
        " where not ist_kondition_bekannt"
    ).fetchall() == [("Kabelgebühr", "Heizungskosten")]
    assert everreal.database.execute(
        "select ve_art from intermediate.int_everreal__ve_arten where not ist_ve_art_bekannt"
    ).fetchall() == [("Loft",)]


@pytest.mark.parametrize("entity", CONTRACT.entities)
def test_every_body_is_one_that_the_schema_takes(everreal: EverReal, entity: str) -> None:
    schema = {**CONTRACT.schema(entity, "create"), "additionalProperties": False}
    validator = OAS31Validator(schema, format_checker=OAS31Validator.FORMAT_CHECKER)
    bodies = everreal.bodies(entity)
    assert bodies
    assert [error.message for body in bodies.values() for error in validator.iter_errors(body)] == []


def test_without_gebaeude_a_wirtschaftseinheit_is_the_property(ohne_gebaeude: EverReal) -> None:
    assert ohne_gebaeude.bodies("objektgruppen") == {}
    properties = ohne_gebaeude.bodies("objekte")
    assert list(properties) == ["001-0007", "002-77", "900-0001"]
    assert properties["001-0007"] == {
        "externalPropertyId": "001-0007",
        "meta": {"source": "stammdaten"},
        "name": "Gartenstadt",
        "address": {
            "streetName": "Lindenweg",
            "streetNumber": "12a",
            "zipCode": "01067",
            "city": "Dresden",
            "country": "DE",
        },
        "type": "BUILDING",
        "subtype": "BUILDING",
        "category": "RESIDENTIAL_AND_COMMERCIAL",
        "ownershipType": "MULTIPLE",
        "noOfStories": None,
        "yearBuilt": 1931,
    }


def test_without_gebaeude_units_keep_their_ids_below_the_wirtschaftseinheit(ohne_gebaeude: EverReal) -> None:
    units = ohne_gebaeude.bodies("einheiten")
    assert {id_: unit["externalPropertyId"] for id_, unit in units.items()} == {
        "001-0007-01-0001": "001-0007",
        "001-0007-01-0002": "001-0007",
    }
    assert list(ohne_gebaeude.bodies("mieter")) == ["001-0007-01-0001-01-P100", "001-0007-01-0002-01-P200"]


def test_without_gebaeude_a_wirtschaftseinheit_and_a_gebaeude_with_one_id_both_stay_away(
    ohne_gebaeude: EverReal,
) -> None:
    why = "two rows arrive at the same id 002-0001"
    found = ohne_gebaeude.findings("I6")
    assert {key: reason for key, reason in found.items() if key[0] in ("wirtschaftseinheit", "gebaeude")} == {
        ("wirtschaftseinheit", "002/0001"): why,
        ("gebaeude", "002/0001"): why,
    }
    assert {key for key in found if key[0] == "verwaltungseinheit"} == {
        ("verwaltungseinheit", "002/0001/01/0001"),
        ("verwaltungseinheit", "002/0001/0001"),
    }


def test_without_gebaeude_a_wirtschaftseinheit_without_an_address_stays_away(ohne_gebaeude: EverReal) -> None:
    assert set(ohne_gebaeude.findings("EV2")) == {("wirtschaftseinheit", "001/0008")}


def test_without_a_default_owner_units_without_an_owner_stay_away_with_their_tenants(
    ohne_gebaeude: EverReal,
) -> None:
    why = "no owner who can be sent, and no standard_eigentuemer is set"
    found = ohne_gebaeude.findings("EV3")
    assert {key for key in found if key[0] == "verwaltungseinheit"} == {
        ("verwaltungseinheit", "001/0007/01/0003"),
        ("verwaltungseinheit", "001/0007/02/G1"),
        ("verwaltungseinheit", "002/77/0001"),
        ("verwaltungseinheit", "900/0001/01/0001"),
    }
    assert found["verwaltungseinheit", "001/0007/01/0003"] == why
    assert found["mietvertrag", "001/0007/01/0003/01"] == f"unit 001-0007-01-0003: {why}"
    assert {key for key in found if key[0] == "mietvertrag"} == {
        ("mietvertrag", "001/0007/01/0003/01"),
        ("mietvertrag", "001/0007/02/G1/01"),
        ("mietvertrag", "002/77/0001/01"),
    }


def test_labels_that_the_seed_does_not_know_go_to_the_class_of_the_settings(ohne_gebaeude: EverReal) -> None:
    rent = ohne_gebaeude.bodies("mieter")["001-0007-01-0001-01-P100"]
    assert (rent["serviceCharges"], rent["heatingCosts"], rent["totalRent"]) == ("132.39", "80.00", "662.59")
    assert ohne_gebaeude.bodies("mieter")["001-0007-01-0002-01-P200"]["firstName"] == "Firma"


WRONG: Mapping[str, tuple[str, object, str]] = {
    "a word instead of true or false": ("gebaeude_importieren", "nein", "is nein; allowed: true, false;"),
    "one instead of true": ("gebaeude_importieren", 1, "is 1; allowed: true, false;"),
    "an unknown class": (
        "kosten_standard",
        "Strom",
        "is Strom; allowed: Kaltmiete, Nebenkosten, Heizungskosten;",
    ),
    "an empty name": ("firma_vorname", " ", "is empty or no text; allowed: text;"),
    "a number as owner": ("standard_eigentuemer", 7, "is empty or no text; allowed: text or null;"),
    "no source": ("quelle", None, "is not set; allowed: text;"),
    "an unknown setting": (
        "eigentuemer",
        "x",
        "is an unknown setting; allowed: aktiv, separator, mandanten, gebaeude_importieren,",
    ),
}


@pytest.mark.sampled
@pytest.mark.parametrize(("key", "value", "line"), WRONG.values(), ids=WRONG)
def test_a_wrong_setting_is_named_with_what_is_allowed(
    render_sql: Callable[..., str], key: str, value: object, line: str
) -> None:
    with pytest.raises(AssertionError) as refused:
        render_sql("{{ everreal_meta() }}", partners={"everreal": {**SETTINGS, key: value}})
    assert f"partners.everreal.{key} {line}" in str(refused.value)
