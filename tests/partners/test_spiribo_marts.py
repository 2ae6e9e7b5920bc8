"""What Spiri.Bo gets of a small stock, every body by hand: the small stock of all partners and what E6 bites on."""

from datetime import date
from functools import partial
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator

from pipelines.contract.contract import load_contract
from pipelines.contract.rhythms import STAMMDATEN
from tests.conftest import Build
from tests.partners.bestand import (
    GARTENSTADT,
    LINDENWEG,
    Tables,
    contact,
    lease,
    person,
    tenant,
    with_bestand,
)
from tests.partners.conftest import STICHTAG, Marts, bodies_of

CONTRACT = load_contract("spiribo")
MASTER_DATA = CONTRACT.of_use_case(STAMMDATEN)  # documents have a stock of their own
bodies = partial(bodies_of, CONTRACT)

PARK = {"mandant_nr": "001", "we_nr": "0009", "gebaeude_nr": "03"}
PARK_FLAT = {**PARK, "ve_nr": "0017"}
EMPTY = {**LINDENWEG, "ve_nr": "0003"}
EMPTY_HOUSE = {**GARTENSTADT, "gebaeude_nr": "09"}
# The last of the 90 days before the key date, and the day before.
ENDED_90, ENDED_91 = {**PARK, "ve_nr": "E90"}, {**PARK, "ve_nr": "E91"}
NAMELESS = {**PARK, "ve_nr": "N"}
KINDS = {
    "k1": ("  WOHNRAUM ", "living"),
    "k2": ("Gewerbliche  Nutzung", "commercial"),
    "k3": ("stellplatz Außen", "parking"),
    "k4": ("lager", "storage"),
    "k5": ("Baumhaus", "other"),
}

MORE: Tables = {
    "wirtschaftseinheit": [{"mandant_nr": "001", "we_nr": "0009"}],
    "gebaeude": [
        {
            **PARK,
            "bezeichnung": "Parkhaus",
            "strasse": "Am Park",
            "hausnummer": "3",
            "hausnummer_zusatz": "b",
            "plz": "80331",
            "ort": "München",
            "land": "AT",
        },
        EMPTY_HOUSE,
    ],
    "verwaltungseinheit": [
        {
            **PARK_FLAT,
            "bezeichnung": "Gartenwohnung",
            "etage": "4",
            "etage_lage": "4. OG",
            "wohnflaeche": "61,25",
            "zimmer": "3,5",
        },
        EMPTY,
        ENDED_90,
        ENDED_91,
        NAMELESS,
        *[{**PARK, "ve_nr": nr} for nr in KINDS],
    ],
    "mietvertrag": [
        lease(PARK_FLAT, "01", nutzungsart="Garage", mietende="2026-02-28"),
        lease(PARK_FLAT, "02", nutzungsart="Wohnung", mietbeginn="2026-03-01", mietende="2031-05-30"),
        lease(PARK_FLAT, "03", nutzungsart="Lager", mietbeginn="2031-06-01"),
        lease(ENDED_90, "01", mietende="2025-12-31", nutzungsart="Praxis"),
        lease(ENDED_91, "01", mietende="2025-12-30"),
        lease(NAMELESS, "01"),
        *[lease({**PARK, "ve_nr": nr}, "01", nutzungsart=word) for nr, (word, _) in KINDS.items()],
        lease({**PARK, "ve_nr": "k5"}, ""),  # nobody knows which
    ],
    "mieter": [
        tenant(PARK_FLAT, "01", "P103", gueltig_bis="2025-06-30"),  # moved out before the lease ended
        tenant(PARK_FLAT, "01", "P500", rolle="Hauptmieter"),
        tenant(PARK_FLAT, "02", "P500", rolle="Hauptmieter"),
        tenant(PARK_FLAT, "02", "P100", rolle="Hauptmieter", gueltig_von="2026-03-02"),
        tenant(PARK_FLAT, "02", "P101"),
        tenant(PARK_FLAT, "03", "P101", rolle="Hauptmieter"),
        tenant(ENDED_90, "01", "P600", rolle="Hauptmieter"),
        tenant(ENDED_91, "01", "P601", rolle="Hauptmieter"),
        tenant(NAMELESS, "01", "P401"),
        *[tenant({**PARK, "ve_nr": nr}, "01", "P500", rolle="Hauptmieter") for nr in KINDS],
    ],
    "person": [
        {"person_nr": "P401", "person_art": "natuerlich", "vorname": "Nurvorname"},
        person("P600", "Ausgezogen", anrede="herrn"),
        person("P601", "Längst"),
        person(
            "P500",
            "Großmann",
            vorname="Ünal",
            anrede="Frau",
            titel="Prof. Dr.",
            geburtsdatum="1979-08-07",
            strasse="Rue de la Gare",
            hausnummer="9",
            plz="L-1611",
            ort="Luxemburg",
            land="LU",
        ),
    ],
    "kontaktweg": [
        contact("P500", "E-Mail", "UENAL@example.org"),
        contact("P500", "Festnetz", "00352 27 88"),
        contact("P500", "Handynummer", "+352 621 100 017"),
    ],
}
STOCK = with_bestand(MORE)
NO_NUMBER = "row 21: no mv_nr"


def spiribo_vars(separator: str, **more: Any) -> dict[str, Any]:
    setting = {"aktiv": True, "separator": separator, "mandanten": ["001", "002"], **more}
    return {"stichtag": STICHTAG, "partners": {"spiribo": setting}}


@pytest.fixture(scope="module")
def spiribo(build: Build) -> Marts:
    """Separator /, all tenants, 90 days; the data tests have passed."""
    return Marts(build(STOCK, select=["+spiribo"], vars=spiribo_vars("/"), tests=True))


@pytest.fixture(scope="module")
def strict(spiribo: Marts, rebuild: Build) -> Marts:
    """The same rows with the separator |, main tenants only, no day after the end."""
    settings = spiribo_vars("|", nur_hauptmieter=True, tage_nach_ende=0)
    return Marts(rebuild(spiribo.database, "spiribo", settings))


def test_a_let_gebaeude_is_a_building_and_an_address_goes_whole_or_not_at_all(spiribo: Marts) -> None:
    found = bodies(spiribo, "gebaeude")
    assert found["001/0009/03"] == {
        "name": "Parkhaus",
        "address": {
            "street": "Am Park",
            "houseNumber": "3b",
            "zip": "80331",
            "city": "München",
            "country": "AT",
        },
        "economicUnitNumber": "0009",
        "clientNumber": "001",
    }
    assert {key: (body["name"], body["address"] is None) for key, body in found.items()} == {
        "001/0007/01": ("Lindenweg 12a", False),
        "001/0007/02": ("Garagenhof", True),
        "001/0009/03": ("Parkhaus", False),
        "002/0001/01": ("01", True),
        "002/77": ("Haus ohne WE", True),
    }
    assert found["002/77"]["economicUnitNumber"] is None
    assert spiribo.findings("spiribo", "V2") == {
        ("gebaeude", "001/0007/02"),
        ("gebaeude", "002/0001/01"),
        ("gebaeude", "002/77"),
    }


def test_a_let_verwaltungseinheit_is_an_apartment_with_everything_that_spiribo_takes(spiribo: Marts) -> None:
    assert bodies(spiribo, "wohnungen")["001/0009/03/0017"] == {
        "buildingId": "001/0009/03",
        "type": "living",  # of the lease that runs
        "number": "0017",
        "floor": 4,
        "position": "4. OG",
        "livingSpace": 61.25,
        "rooms": 3.5,
    }


def test_the_type_comes_from_the_nutzungsart_of_the_lease_whatever_its_case_and_blanks(
    spiribo: Marts,
) -> None:
    found = bodies(spiribo, "wohnungen")
    assert {nr: found[f"001/0009/03/{nr}"]["type"] for nr in KINDS} == {
        nr: kind for nr, (_, kind) in KINDS.items()
    }
    assert (found["001/0009/03/E90"]["type"], found["001/0007/01/0001"]["type"]) == ("commercial", "other")


def test_a_tenant_goes_with_everything_that_spiribo_takes(spiribo: Marts) -> None:
    found = bodies(spiribo, "mieter")
    assert found["P500"] == {
        "lastName": "Großmann",
        "firstName": "Ünal",
        "salutation": "ms",
        "title": "Prof. Dr.",
        "company": None,
        "email": "uenal@example.org",
        "phone": "00352 27 88",
        "mobile": "+352 621 100 017",
        "dateOfBirth": "1979-08-07",
        "correspondenceAddress": {
            "street": "Rue de la Gare",
            "houseNumber": "9",
            "zip": "L-1611",
            "city": "Luxemburg",
            "country": "LU",
        },
    }
    names = ("lastName", "firstName", "salutation", "company", "correspondenceAddress")
    assert [found["P200"][name] for name in names] == [
        "Kiosk Nord GmbH",
        None,
        "company",
        "Kiosk Nord GmbH",
        None,
    ]
    assert {key: found[key]["salutation"] for key in ("P101", "P103", "P600")} == {
        "P101": None,
        "P103": None,
        "P600": "mr",
    }


def test_a_contract_goes_with_all_its_tenants_and_its_end(spiribo: Marts) -> None:
    found = bodies(spiribo, "vertraege")
    assert found["001/0009/03/0017/02"] == {
        "apartmentId": "001/0009/03/0017",
        "tenantIds": ["P100", "P101", "P500"],
        "number": "02",
        "startDate": "2026-03-01",
        "endDate": "2031-05-30",
        "mainTenantId": "P500",  # since the lease began; the other one joined a day later
    }
    assert {key: body["tenantIds"] for key, body in found.items() if "/0009/03/k" not in key} == {
        "001/0007/01/0001/01": ["P100", "P101", "P102"],
        "001/0007/01/0002/01": ["P200"],
        "001/0007/01/0002/E02": ["P102"],
        "001/0007/02/G-1/01": ["P101"],
        "001/0009/03/0017/01": ["P500"],
        "001/0009/03/0017/02": ["P100", "P101", "P500"],
        "001/0009/03/0017/03": ["P101"],
        "001/0009/03/E90/01": ["P600"],
        "002/0001/01/0001/06": ["P103"],
        "002/77/0001/01": ["P100"],
    }
    assert found["001/0007/02/G-1/01"]["mainTenantId"] is None
    assert found["001/0007/01/0002/01"]["endDate"] == "2098-06-30"


def test_every_body_is_one_that_the_contract_takes(spiribo: Marts, strict: Marts) -> None:
    for marts in (spiribo, strict):
        for entity in MASTER_DATA:
            validator = OAS31Validator(
                {**CONTRACT.schema(entity, "create"), "additionalProperties": False},
                format_checker=OAS31Validator.FORMAT_CHECKER,
            )
            found = bodies(marts, entity)
            assert found
            assert {key: [e.message for e in validator.iter_errors(body)] for key, body in found.items()} == {
                key: [] for key in found
            }


# ---- rules


def test_sb1_a_lease_stays_for_so_many_days_after_its_end(spiribo: Marts, strict: Marts) -> None:
    ended = bodies(spiribo, "vertraege")["001/0009/03/E90/01"]
    assert (ended["endDate"], ended["tenantIds"]) == ("2025-12-31", ["P600"])
    assert "001/0009/03/E91" not in bodies(spiribo, "wohnungen")
    assert "P601" not in bodies(spiribo, "mieter")
    assert not {"001|0009|03|E90|01", "001|0009|03|0017|01"} & set(bodies(strict, "vertraege"))


def test_sb2_only_main_tenants_go_where_the_setting_says_so(strict: Marts) -> None:
    found = {key: body["tenantIds"] for key, body in bodies(strict, "vertraege").items() if "|k" not in key}
    assert found == {
        "001|0007|01|0001|01": ["P100"],
        "001|0009|03|0017|02": ["P100", "P500"],
        "001|0009|03|0017|03": ["P101"],
    }
    assert set(bodies(strict, "mieter")) == {"P100", "P101", "P500"}
    assert set(bodies(strict, "gebaeude")) == {"001|0007|01", "001|0009|03"}


def test_e6_what_is_not_let_to_somebody_with_a_last_name_is_not_sent_and_reported(spiribo: Marts) -> None:
    assert spiribo.findings("spiribo", "E6") == {
        ("verwaltungseinheit", "001/0007/01/0003"),
        ("verwaltungseinheit", "001/0009/03/E91"),
        ("verwaltungseinheit", "001/0009/03/N"),
        ("gebaeude", "001/0007/09"),
    }
    assert "P401" not in bodies(spiribo, "mieter")


def test_what_is_held_or_gone_says_all_that_the_plan_asks(spiribo: Marts) -> None:
    lease_id, unknown = "001/0009/03/N/01", "001/0009/03/k5/?"
    said = ("E8", "person", "person P401: no nachname")
    assert spiribo.held("spiribo", "001/0009/03", lease_id, unknown) == [
        ("gebaeude", "001/0009/03", "C7", "mietvertrag", NO_NUMBER, False, None, False, None, None),
        ("vertraege", lease_id, *said, False, None, True, None, "P401"),
        ("vertraege", lease_id, *said, True, "P401", True, None, "P401"),
        ("vertraege", unknown, "C7", "mietvertrag", NO_NUMBER, False, None, True, "/", None),
    ]
    ended = "001/0009/03/0017/01"
    assert spiribo.departures("spiribo", ended, "001/0009/03") == [
        ("gebaeude", "001/0009/03", False, None, None),
        ("vertraege", ended, True, date(2020, 2, 1), date(2026, 2, 28)),
    ]


def test_e6_a_tenant_needs_no_email(spiribo: Marts) -> None:
    assert bodies(spiribo, "mieter")["P101"]["email"] is None


def test_e1_other_mandanten_stay_away(spiribo: Marts) -> None:
    ids = {key for entity in MASTER_DATA for key in bodies(spiribo, entity)}
    assert not {key for key in ids if key.startswith("900")}
    assert "P105" not in ids


def test_i5_a_number_with_the_separator_keeps_the_row_back(spiribo: Marts, strict: Marts) -> None:
    assert spiribo.findings("spiribo", "I5") == {
        ("gebaeude", "001/00/9/01"),
        ("verwaltungseinheit", "001/00/9/01/0001"),
        ("mietvertrag", "001/00/9/01/0001/01"),
        ("mieter", "001/00/9/01/0001/01/P104"),
        ("mieter", "002/0001/01/0001/05/P/9"),
        ("mietvertrag", "002/0001/01/0001/05"),
        ("mieter", "002/0001/01/0001/06/P/9"),
    }
    assert strict.findings("spiribo", "I5") == set()


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"nur_hauptmieter": "ja"}, "partners.spiribo.nur_hauptmieter is ja; allowed: false, true"),
        (
            {"tage_nach_ende": -1},
            "partners.spiribo.tage_nach_ende is -1; allowed: days, a whole number from 0 to 3650",
        ),
        ({"tage_nach_ende": True}, "partners.spiribo.tage_nach_ende is True; allowed: days"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(dbt: Any, wrong: dict[str, Any], line: str) -> None:
    assert line in dbt.refusal(spiribo_vars("/", **wrong))
