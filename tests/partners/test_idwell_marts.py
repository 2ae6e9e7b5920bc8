"""What iDWELL gets of a small stock, every body by hand: the stock of all partners and what its own rules bite on."""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import duckdb
import pytest
from openapi_schema_validator import OAS31Validator

from pipelines.contract.contract import load_contract
from pipelines.contract.rhythms import STAMMDATEN
from tests.partners.bestand import (
    Tables,
    contact,
    lease,
    owner,
    person,
    tenant,
    with_bestand,
)
from tests.partners.conftest import STICHTAG, Marts, bodies_of

CONTRACT = load_contract("idwell")
MASTER_DATA = CONTRACT.of_use_case(STAMMDATEN)  # documents have a stock of their own
bodies = partial(bodies_of, CONTRACT)

PARK = {"mandant_nr": "001", "we_nr": "0009"}
PARK_3 = {**PARK, "gebaeude_nr": "03"}
PARK_5 = {**PARK, "gebaeude_nr": "05"}
LOFT = {**PARK_3, "ve_nr": "1"}
CELLAR = {**PARK_3, "ve_nr": "2"}
STUDIO = {**PARK_5, "ve_nr": "1"}
GONE = {**PARK_5, "ve_nr": "9"}

MORE: Tables = {
    "wirtschaftseinheit": [
        {**PARK, "bezeichnung": "Am Park", "verwaltungsart": "WEG", "baujahr": "1974"},
        {"mandant_nr": "001", "we_nr": "0010", "verwaltungsart": "Miete"},
    ],
    "gebaeude": [
        {
            **PARK_3,
            "bezeichnung": "Parkhaus",
            "strasse": "Am Park",
            "hausnummer": "3",
            "hausnummer_zusatz": "b",
            "plz": "80331",
            "ort": "München",
            "land": "DE",
        },
        {**PARK_5, "strasse": "Am Park", "hausnummer": "5", "baujahr": "2001"},
        {"mandant_nr": "001", "we_nr": "0010", "gebaeude_nr": "01"},
    ],
    "verwaltungseinheit": [
        {
            **LOFT,
            "bezeichnung": "Loft 3",
            "ve_art": "Wohnung",
            "etage_lage": "3. OG rechts",
            "wohnflaeche": "71,25",
            "zimmer": "3,5",
        },
        {**CELLAR, "ve_art": "Keller"},
        STUDIO,
        {**GONE, "abgang_am": "2026-01-01"},
    ],
    "mietvertrag": [
        lease(LOFT, "01", mietbeginn="2015-03-01", mietende="2021-09-30"),  # ended
        lease(LOFT, "02", mietbeginn="2021-10-01"),
        lease(STUDIO, "01", mietbeginn="2018-01-01", kuendigung_zum="2020-06-30"),  # ended by notice
        lease(STUDIO, "02", mietbeginn="2020-07-01", mietende="2020-07-31", vertragsart="Leerstand"),
        lease(STUDIO, "03", mietbeginn="2020-08-01", mietende="2020-07-01"),  # cancelled
        lease(STUDIO, "04", mietbeginn="2020-08-01", mietende="2022-12-31", status_erp="storniert"),
        lease(STUDIO, "05", mietbeginn="2027-05-01", mietende="2031-04-30"),
        lease(GONE, "01", mietende="2021-01-31"),  # of a flat that has left the stock
        lease(CELLAR, "01"),
    ],
    "mieter": [
        tenant(LOFT, "01", "4001", rolle="Hauptmieter", gueltig_von="2016-01-01", gueltig_bis="2021-09-30"),
        tenant(LOFT, "01", "4002", gueltig_bis="2019-12-31"),  # left before the lease ended
        tenant(LOFT, "01", "4003", rolle="Buerge"),
        tenant(LOFT, "01", "4004"),
        tenant(LOFT, "01", "4004", gueltig_von="2017-01-01"),  # twice on the lease
        tenant(LOFT, "02", "17", rolle="Hauptmieter"),
        tenant(LOFT, "02", "0009"),
        tenant(STUDIO, "01", "4005", rolle="Hauptmieter"),
        tenant(STUDIO, "01", "4006"),  # anonymised
        tenant(STUDIO, "02", "4007"),
        tenant(STUDIO, "03", "4007"),
        tenant(STUDIO, "04", "4007"),
        tenant(STUDIO, "05", "12a", rolle="Hauptmieter"),
        tenant(STUDIO, "05", "9"),
        tenant(GONE, "01", "4007"),
        tenant(CELLAR, "01", "4008", rolle="Hauptmieter"),
        tenant(CELLAR, "01", "4009"),
        tenant(CELLAR, "01", "4010"),
        tenant(CELLAR, "01", "4011"),
        tenant(CELLAR, "01", ""),  # nobody knows who
    ],
    "eigentuemervertrag": [
        {**STUDIO, "ev_nr": "01", "beginn": "2012-05-01", "ende": "2040-12-31"},
        {**LOFT, "ev_nr": "02", "beginn": "2011-01-01", "ende": "2019-12-31"},  # over
    ],
    "eigentuemer": [
        owner(STUDIO, "01", "17"),
        owner(STUDIO, "01", "4012"),
        owner(LOFT, "02", "4013"),
    ],
    "person": [
        person(
            "4001",
            "Ehemalig",
            vorname="Eva",
            anrede="Herrn",
            titel="Dr.",
            strasse="Alter Weg",
            hausnummer="11",
            plz="8010",
            ort="Graz",
            land="AT",
        ),
        person("4002", "Früher"),
        person("4003", "Bürge"),
        person("4004", "Zweimal"),
        person(
            "17",
            "Großmann",
            vorname="Ünal",
            anrede="Herr",
            titel="Prof.",
            strasse="Rue de la Gare",
            hausnummer="9",
            plz="L-1611",
            ort="Luxemburg",
            land="LU",
        ),
        person("0009", "Kleinmann"),
        person("4005", "Gekündigt"),
        person("4006", "Niemand", anonymisiert="J"),
        person("4007", "Nie"),
        person("12a", "Buchstabe"),
        person("9", "Ziffer"),
        person("4008", 'O\'Hara, gen. "Rot" 2', vorname="Anne-Marie (Änne)"),
        person("4009", "Lang" * 20, vorname="Li"),
        person("4010", "4711"),
        person("4011", "Ohne Weg"),
        {"person_nr": "4012", "person_art": "juristisch", "firma1": "Haus 12 & Söhne GmbH, München"},
        person("4013", "Verkauft"),
    ],
    "kontaktweg": [
        contact("4001", "Handynummer", "0151 27700 001"),
        contact("4002", "E-Mail", "frueher@example.org"),
        contact("4003", "E-Mail", "buerge@example.org"),
        contact("4004", "E-Mail", "zweimal@example.org"),
        contact("17", "E-Mail", "PAAR@example.net"),
        contact("17", "Handynummer", "+352 621 100 017"),
        contact("0009", "E-Mail", "paar@example.net"),  # 9 is smaller than 17
        contact("4005", "E-Mail", "gekuendigt@example.org"),
        contact("4007", "E-Mail", "nie@example.org"),
        contact("12a", "E-Mail", "zwei@example.net"),
        contact("9", "E-Mail", "zwei@example.net"),  # "12a" is smaller than "9" as a text
        contact("4008", "E-Mail", "rot@example.org"),
        contact("4009", "E-Mail", "lang@example.org"),
        contact("4010", "E-Mail", "zahl@example.org"),
        contact("4012", "Festnetz", "089 1234 012"),
        contact("4013", "E-Mail", "verkauft@example.org"),
    ],
}
STOCK = with_bestand(MORE)


def idwell_vars(**more: Any) -> dict[str, Any]:
    setting = {"aktiv": True, "separator": "/", "mandanten": ["001", "002"], **more}
    return {"stichtag": STICHTAG, "partners": {"idwell": setting}}


@pytest.fixture(scope="module")
def idwell(build: Callable[..., duckdb.DuckDBPyConnection]) -> Marts:
    """Separator /, all Gebäude; the data tests have passed."""
    return Marts(build(STOCK, select=["+idwell"], vars=idwell_vars(), tests=True))


def test_a_gebaeude_is_a_building(idwell: Marts) -> None:
    found = bodies(idwell, "gebaeude")
    assert found["001/0009/03"] == {
        "name": "Parkhaus",
        "street": "Am Park",
        "house_number": "3b",
        "zip": "80331",
        "city": "München",
        "country": "DE",
        "management_type": "weg",
        "construction_year": 1974,
        "active": True,
    }
    kinds = {key: (b["name"], b["management_type"], b["construction_year"]) for key, b in found.items()}
    assert kinds == {
        "001/0007/01": ("Lindenweg 12a", None, 1928),
        "001/0007/02": ("Garagenhof", None, None),
        "001/0009/03": ("Parkhaus", "weg", 1974),
        "001/0009/05": ("Am Park 5", "weg", 2001),
        "001/0010/01": ("01", "rental", None),
        "002/0001/01": ("01", None, None),
        "002/77": ("Haus ohne WE", None, None),
    }


def test_a_verwaltungseinheit_is_a_flat_at_the_address_of_its_gebaeude(idwell: Marts) -> None:
    found = bodies(idwell, "einheiten")
    assert found["001/0009/03/1"] == {
        "building": "001/0009/03",
        "number": "1",
        "floor": 3,
        "position": "3. OG rechts",
        "type": "flat",
        "living_area": 71.25,
        "rooms": 3.5,
        "street": "Am Park",
        "house_number": "3b",
        "zip": "80331",
        "city": "München",
        "active": True,
    }
    assert {key: (b["type"], b["floor"], b["living_area"]) for key, b in found.items()} == {
        "001/0007/01/0001": ("flat", 1, 54.3),
        "001/0007/01/0002": ("commercial", None, 1080.5),
        "001/0007/02/G-1": ("parking", None, None),
        "001/0009/03/1": ("flat", 3, 71.25),
        "001/0009/03/2": ("other", None, None),
        "001/0009/05/1": ("other", None, None),
        "002/0001/01/0001": ("other", None, None),
        "002/77/0001": ("other", None, None),
    }


def test_who_owns_anything_is_a_landlord_and_everybody_else_a_dweller(idwell: Marts) -> None:
    landlords, dwellers = bodies(idwell, "personen_eigentuemer"), bodies(idwell, "personen_mieter")
    assert landlords["17"] == {
        "role": "landlord",
        "salutation": "mr",
        "title": "Prof.",
        "first_name": "Ünal",
        "last_name": "Großmann",
        "company": None,
        "email": None,  # the person 0009 keeps it
        "phone": "+352621100017",
        "street": "Rue de la Gare",
        "house_number": "9",
        "zip": "L-1611",
        "city": "Luxemburg",
        "country": "LU",
        "language": "de",
    }
    assert dwellers["4001"] == {
        "role": "dweller",
        "salutation": "mr",
        "title": "Dr.",
        "first_name": "Eva",
        "last_name": "Ehemalig",
        "company": None,
        "email": None,
        "phone": "+4915127700001",
        "street": "Alter Weg",
        "house_number": "11",
        "zip": "8010",
        "city": "Graz",
        "country": "AT",
        "language": "de",
    }
    shown = ("salutation", "first_name", "last_name", "company", "email", "phone")
    assert {key: [body[name] for name in shown] for key, body in landlords.items()} == {
        "17": ["mr", "Ünal", "Großmann", None, None, "+352621100017"],
        "4012": ["company", None, None, "Haus 12 & Söhne GmbH, München", None, "+49891234012"],
        "P100": ["ms", "Jördis", "Ährenfeld", None, "joerdis@example.org", "+4915228817386"],
        "P102": [None, "Erika und Max", "Muster", None, "paar@example.com", "+493023125018"],
        "P301": [None, "Orla", "Eigen", None, None, "+492214710017"],
        "P309": ["company", None, None, "Grund und Giebel GmbH", "giebel@example.org", "+4915127700117"],
    }
    assert {key: [body[name] for name in shown] for key, body in dwellers.items()} == {
        "0009": [None, None, "Kleinmann", None, "paar@example.net", None],
        "12a": [None, None, "Buchstabe", None, "zwei@example.net", None],
        "4001": ["mr", "Eva", "Ehemalig", None, None, "+4915127700001"],
        "4004": [None, None, "Zweimal", None, "zweimal@example.org", None],
        "4005": [None, None, "Gekündigt", None, "gekuendigt@example.org", None],
        "4008": [None, "Anne-Marie (Änne)", "O Hara gen. Rot", None, "rot@example.org", None],
        "4009": [None, "Li", ("Lang" * 20)[:70], None, "lang@example.org", None],
        "P103": [None, None, "Vierling", None, "vier@example.net", None],
        "P200": ["company", None, None, "Kiosk Nord GmbH", "kiosk@example.org", None],
    }


def test_a_lease_in_scope_or_ended_links_each_tenant_with_begin_and_end(idwell: Marts) -> None:
    found = bodies(idwell, "bezuege_mieter")
    assert found["001/0009/03/1/01/4001"] == {
        "flat": "001/0009/03/1",
        "user": "4001",
        "role": "dweller",
        "start_date": "2016-01-01",
        "end_date": "2021-09-30",
        "is_main": True,
    }
    shown = ("user", "start_date", "end_date", "is_main")
    assert {key: tuple(body[name] for name in shown) for key, body in found.items()} == {
        "001/0007/01/0001/01/P100": ("P100", "2020-02-01", None, True),
        "001/0007/01/0001/01/P102": ("P102", "2021-05-01", "2099-12-30", False),
        "001/0007/01/0002/01/P200": ("P200", "2020-02-01", "2098-06-30", False),
        "001/0009/03/1/01/4001": ("4001", "2016-01-01", "2021-09-30", True),
        "001/0009/03/1/01/4004": ("4004", "2017-01-01", "2021-09-30", False),
        "001/0009/03/1/02/0009": ("0009", "2021-10-01", None, False),
        "001/0009/03/1/02/17": ("17", "2021-10-01", None, True),
        "001/0009/03/2/01/4008": ("4008", "2020-02-01", None, True),
        "001/0009/03/2/01/4009": ("4009", "2020-02-01", None, False),
        "001/0009/05/1/01/4005": ("4005", "2018-01-01", "2020-06-30", True),
        "001/0009/05/1/05/12a": ("12a", "2027-05-01", "2031-04-30", True),
        "002/0001/01/0001/06/P103": ("P103", "2020-02-01", None, False),
        "002/77/0001/01/P100": ("P100", "2027-01-01", None, False),
    }
    assert {body["flat"] for key, body in found.items() if key.startswith("001/0007/01/0001/")} == {
        "001/0007/01/0001"
    }


def test_an_owner_contract_in_scope_links_each_owner(idwell: Marts) -> None:
    found = bodies(idwell, "bezuege_eigentuemer")
    assert found["001/0009/05/1/E01/4012"] == {
        "flat": "001/0009/05/1",
        "user": "4012",
        "role": "landlord",
        "start_date": "2012-05-01",
        "end_date": "2040-12-31",
    }
    assert {key: (body["flat"], body["user"], body["start_date"]) for key, body in found.items()} == {
        "001/0007/01/0001/E04/P301": ("001/0007/01/0001", "P301", "2018-10-01"),
        "001/0007/01/0002/E02/P301": ("001/0007/01/0002", "P301", "2016-08-01"),
        "001/0009/05/1/E01/17": ("001/0009/05/1", "17", "2012-05-01"),
        "001/0009/05/1/E01/4012": ("001/0009/05/1", "4012", "2012-05-01"),
        "002/0001/01/0001/E01/P100": ("002/0001/01/0001", "P100", "2015-07-01"),
        "002/0001/01/0001/E01/P301": ("002/0001/01/0001", "P301", "2015-07-01"),
        "002/77/0001/E11/P309": ("002/77/0001", "P309", "2019-11-01"),
    }


def test_every_body_is_one_that_the_contract_takes(idwell: Marts) -> None:
    for entity in MASTER_DATA:
        validator = OAS31Validator(
            {**CONTRACT.schema(entity, "create"), "additionalProperties": False, "required": []},
            format_checker=OAS31Validator.FORMAT_CHECKER,
        )
        found = bodies(idwell, entity)
        assert found
        shown = {
            key: {name: value for name, value in body.items() if name not in ("flat", "user", "building")}
            for key, body in found.items()
        }
        assert {key: [e.message for e in validator.iter_errors(body)] for key, body in shown.items()} == {
            key: [] for key in found
        }


# ---- rules


def test_e10_without_email_and_phone_nobody_is_sent(idwell: Marts) -> None:
    assert idwell.findings("idwell", "E10") == {("person", "4011"), ("person", "P101")}
    assert idwell.finding("idwell", "person", "4011")["reason"] == (
        "neither an e-mail address nor a phone number that iDWELL takes: it needs one of them"
    )


def test_e11_of_two_persons_with_one_email_the_smaller_number_keeps_it(idwell: Marts) -> None:
    assert idwell.findings("idwell", "E11") == {("person", "17"), ("person", "9")}
    assert idwell.finding("idwell", "person", "17") == {
        "rule": "E11",
        "table_name": "person",
        "key": "17",
        "column_name": "email",
        "value": "xxxx@xxxxxxx.xxx",
        "partner": "idwell",
        "reason": "the person with the smaller person_nr has the e-mail address: sent with the phone number alone",
    }
    assert idwell.finding("idwell", "person", "9")["reason"].endswith("there is nothing else: not sent")


def test_v1_v2_names_go_as_far_as_idwell_takes_them(idwell: Marts) -> None:
    assert idwell.findings("idwell", "V1") == {("person", "4010")}
    assert idwell.findings("idwell", "V2") == {("person", "4008"), ("person", "4009")}
    assert idwell.finding("idwell", "person", "4008")["column_name"] == "nachname"


def test_i5_i6_conflicts_are_reported(idwell: Marts) -> None:
    assert ("gebaeude", "001/00/9/01") in idwell.findings("idwell", "I5")
    assert idwell.findings("idwell", "I6") == {
        ("mieter", "001/0007/01/0002/E02/P102"),
        ("eigentuemer", "001/0007/01/0002/02/P102"),
    }


def test_h1_what_is_not_sent_for_its_email_stays_as_it_is(idwell: Marts) -> None:
    held = {
        (entity, external_id): (rule, also_in_mart)
        for entity, external_id, rule, also_in_mart in idwell.database.execute(
            "select entity, external_id, rule, also_in_mart from partners.idwell__held"
        ).fetchall()
    }
    assert held["personen_mieter", "9"] == ("E11", False)
    assert held["bezuege_mieter", "001/0009/05/1/05/9"] == ("E11", False)
    assert held["personen_mieter", "4010"] == ("V1", False)
    assert held["personen_mieter", "P101"] == ("E5", True)
    assert held["bezuege_mieter", "001/0007/01/0001/01/P101"] == ("E5", True)
    assert ("personen_mieter", "4011") not in held  # H2: nothing at all is a departure


def test_what_is_held_or_gone_says_all_that_the_plan_asks(idwell: Marts) -> None:
    unreadable, unknown = "001/0007/01/0001/01/P101", "001/0009/03/2/01/?"
    said = ("E5", "kontaktweg", "no valid e-mail address: xxxxx", True, "@", False, None, "P101")
    assert idwell.held("idwell", "P101", unreadable, unknown) == [
        ("bezuege_mieter", unreadable, *said),
        ("bezuege_mieter", unknown, "C7", "mieter", "row 32: no person_nr", False, None, True, "/", None),
        ("personen_mieter", "P101", *said),
    ]
    ended = "001/0009/03/1/01/4001"
    assert idwell.departures("idwell", ended, "001/0009/05/9") == [
        ("bezuege_mieter", ended, True, date(2016, 1, 1), date(2021, 9, 30)),
        ("einheiten", "001/0009/05/9", True, None, None),
    ]


@pytest.fixture(scope="module")
def chosen(idwell: Marts, rebuild: Callable[..., duckdb.DuckDBPyConnection]) -> Marts:
    """Only the Gebäude 001/0009/05, and one that is not there."""
    chosen = idwell_vars(objekte=["001/0009/05", "001/0009/99"])
    return Marts(rebuild(idwell.database, "idwell", chosen))


def test_the_setting_objekte_leaves_only_what_hangs_on_these_gebaeude(chosen: Marts) -> None:
    assert {entity: list(bodies(chosen, entity)) for entity in MASTER_DATA} == {
        "gebaeude": ["001/0009/05"],
        "einheiten": ["001/0009/05/1"],
        "personen_eigentuemer": ["17", "4012"],
        "personen_mieter": ["12a", "4005"],
        "bezuege_eigentuemer": ["001/0009/05/1/E01/17", "001/0009/05/1/E01/4012"],
        "bezuege_mieter": ["001/0009/05/1/01/4005", "001/0009/05/1/05/12a"],
    }
    # The person 0009 is not sent now, so that the address is free.
    assert bodies(chosen, "personen_eigentuemer")["17"]["email"] == "paar@example.net"
    missing = chosen.finding("idwell", "gebaeude", "001/0009/99")
    assert missing["reason"] == (
        "partners.idwell.objekte names it: no Gebäude that lives and may be sent has this id"
    )
    assert ("gebaeude", "001/0007/01") in chosen.findings("idwell", "E1")
