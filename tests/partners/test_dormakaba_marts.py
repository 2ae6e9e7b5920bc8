"""What dormakaba resivo gets of the small stock, every row by hand."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import duckdb
import pytest
from openapi_schema_validator import OAS31Validator

from pipelines.contract.contract import load_contract
from pipelines.plan.marts import render_marts
from tests.partners.bestand import BESTAND, FLAT, SHOP, Tables, contact, lease, person, tenant
from tests.partners.conftest import STICHTAG, Marts

# Two leases with no Hauptmieter, or with one who began last, and a person without a first name beside others.
STOCK: Tables = {
    **BESTAND,
    "verwaltungseinheit": [
        {**row, "etage_lage": "4. OG"} if row["ve_nr"] == "0002" else row
        for row in BESTAND["verwaltungseinheit"]
    ],
    "mietvertrag": [
        *BESTAND["mietvertrag"],
        lease(FLAT, "07", mietbeginn="2021-03-01", mietende="2031-08-31"),
        lease(SHOP, "08"),
        lease(SHOP, "09"),
        lease(SHOP, ""),  # nobody knows which
    ],
    "mieter": [
        *BESTAND["mieter"],
        tenant(FLAT, "07", "P401", gueltig_von="2023-04-01"),
        tenant(FLAT, "07", "P402", gueltig_von="2022-05-01"),
        tenant(SHOP, "08", "P401", gueltig_von="2020-02-01"),
        tenant(SHOP, "08", "P402", gueltig_von="2024-09-01", rolle="Hauptmieter"),
        tenant(SHOP, "08", "P403", gueltig_von="2020-02-01"),
        tenant(SHOP, "09", "P403", rolle="Hauptmieter"),
    ],
    "person": [
        *BESTAND["person"],
        person("P401", "Amsel", vorname="Anke"),
        person("P402", "Fink", vorname="Fritz"),
        person("P403", "Namenlos"),
    ],
    "kontaktweg": [
        *BESTAND["kontaktweg"],
        contact("P402", "E-Mail", "fink@example.org"),
        contact("P402", "Handynummer", "0151 44700 402"),
    ],
}
BUILD = Callable[..., duckdb.DuckDBPyConnection]


def settings(**more: Any) -> dict[str, Any]:
    setting = {"aktiv": True, "separator": "/", "mandanten": ["001", "002"], **more}
    return {"stichtag": STICHTAG, "partners": {"dormakaba": setting}}


@pytest.fixture(scope="module")
def resivo(build: BUILD) -> Marts:
    """dormakaba of this stock alone; its data tests have passed."""
    select = [
        "+dormakaba,resource_type:model",
        "+dormakaba,resource_type:seed",
        "dormakaba,resource_type:test",
    ]
    return Marts(build(STOCK, select=select, vars=settings(), tests=True))


def inside(number: str, first: str, last: str, **more: Any) -> dict[str, Any]:
    """A tenant inside a contract, with nothing to reach it by and not the main contact unless said."""
    return {
        "externalId": number,
        "firstName": first,
        "lastName": last,
        "email": None,
        "mobile": None,
        "locale": "de-DE",
        "isMainContact": False,
        **more,
    }


def test_a_we_is_a_site_that_is_looked_for_by_its_name(resivo: Marts) -> None:
    assert resivo.rows("dormakaba__liegenschaften") == [
        {"external_id": "001/0007", "displayName": "Gartenstadt"},
        {"external_id": "002/0001", "displayName": "0001"},
    ]


def test_a_gebaeude_is_a_building_with_its_address(resivo: Marts) -> None:
    address = {"street": None, "houseNumber": None, "zip": None, "city": None, "country": "DE"}
    assert resivo.rows("dormakaba__gebaeude") == [
        {
            "external_id": "001/0007/01",
            "liegenschaften_external_id": "001/0007",
            "displayName": "Lindenweg 12a",
            "address": {
                "street": "Lindenweg",
                "houseNumber": "12a",
                "zip": "01067",
                "city": "Dresden",
                "country": "DE",
            },
        },
        {
            "external_id": "001/0007/02",
            "liegenschaften_external_id": "001/0007",
            "displayName": "Garagenhof",
            "address": {**address, "street": "Lindenweg", "country": "AT"},
        },
        {
            "external_id": "002/0001/01",
            "liegenschaften_external_id": "002/0001",
            "displayName": "01",
            "address": address,
        },
    ]


def test_a_ve_is_a_rental_unit_of_its_building(resivo: Marts) -> None:
    assert resivo.rows("dormakaba__mietobjekte") == [
        {
            "external_id": f"{house}/{number}",
            "liegenschaften_external_id": house[:8],
            "gebaeude_external_id": house,
            "displayName": name,
            "floor": floor,
            "unitNumber": number,
        }
        for house, number, name, floor in [
            ("001/0007/01", "0001", "Wohnung 1", 1),
            ("001/0007/01", "0002", "0002", 4),
            ("001/0007/02", "G-1", "G-1", None),
            ("002/0001/01", "0001", "0001", None),
        ]
    ]


def test_a_lease_has_its_tenants_inside_and_one_main_contact(resivo: Marts) -> None:
    rows = resivo.rows("dormakaba__mietvertraege")
    assert [
        (row["external_id"], row["liegenschaften_external_id"], row["mietobjekte_external_id"])
        for row in rows
    ] == [
        ("001/0007/01/0001/01", "001/0007", "001/0007/01/0001"),
        ("001/0007/01/0001/07", "001/0007", "001/0007/01/0001"),
        ("001/0007/01/0002/01", "001/0007", "001/0007/01/0002"),
        ("001/0007/01/0002/08", "001/0007", "001/0007/01/0002"),
        ("001/0007/01/0002/E02", "001/0007", "001/0007/01/0002"),
        ("001/0007/02/G-1/01", "001/0007", "001/0007/02/G-1"),
    ]
    assert [(row["plannedMoveInDate"], row["plannedMoveOutDate"]) for row in rows] == [
        (date(2020, 2, 1), None),
        (date(2021, 3, 1), date(2031, 8, 31)),
        (date(2020, 2, 1), date(2098, 6, 30)),
        (date(2020, 2, 1), None),
        (date(2020, 2, 1), None),
        (date(2020, 2, 1), None),
    ]
    own = [[{k: v for k, v in t.items()} for t in row["tenants"]] for row in rows]
    first = "001/0007/01/0001/01"
    assert own[0] == [
        inside(
            f"{first}/P100",
            "Jördis",
            "Ährenfeld",
            email="joerdis@example.org",
            mobile="0152 28817386",
            isMainContact=True,
        ),
        inside(f"{first}/P101", "Falk", "Ohnepost"),
        inside(f"{first}/P102", "Erika und Max", "Muster", email="paar@example.com"),
    ]
    fink = {"email": "fink@example.org", "mobile": "0151 44700 402"}
    # D1: without a Hauptmieter who began first; with one the Hauptmieter, though the last to begin.
    second, shop = "001/0007/01/0001/07", "001/0007/01/0002/08"
    assert own[1] == [
        inside(f"{second}/P402", "Fritz", "Fink", **fink, isMainContact=True),
        inside(f"{second}/P401", "Anke", "Amsel"),
    ]
    assert own[2] == [
        inside(
            "001/0007/01/0002/01/P200",
            "Firma",
            "Kiosk Nord GmbH",
            email="kiosk@example.org",
            isMainContact=True,
        )
    ]
    assert own[3] == [
        inside(f"{shop}/P402", "Fritz", "Fink", **fink, isMainContact=True),
        inside(f"{shop}/P401", "Anke", "Amsel"),
    ]
    assert [t["isMainContact"] for t in own[4]] == [True]
    assert [t["externalId"] for t in own[5]] == ["001/0007/02/G-1/01/P101"]


def test_who_has_no_first_name_is_reported_and_the_others_of_the_lease_go(resivo: Marts) -> None:
    assert resivo.findings("dormakaba", "V1") == {
        ("mieter", "001/0007/01/0002/08/P403"),
        ("mieter", "001/0007/01/0002/09/P403"),
        ("mieter", "002/0001/01/0001/06/P103"),
    }
    assert resivo.findings("dormakaba", "I3") == {("gebaeude", "002//77")} or resivo.findings(
        "dormakaba", "I3"
    ) == {("gebaeude", "002/77")}


def test_what_is_held_or_gone_says_all_that_the_plan_asks(resivo: Marts) -> None:
    nameless, unknown = "001/0007/01/0002/09", "001/0007/01/0002/?"
    said = ("V1", "mieter", "no first name: resivo requires one")
    no_email = ("E5", "kontaktweg", "no valid e-mail address: xxxxx")
    assert resivo.held("dormakaba", "001/0007/02/G-1/01", nameless, unknown) == [
        ("mietvertraege", nameless, *said, True, f"{nameless}/P403", True, None, "P403"),
        ("mietvertraege", unknown, "C7", "mietvertrag", "row 13: no mv_nr", False, None, True, "/", None),
        ("mietvertraege", "001/0007/02/G-1/01", *no_email, True, "@", False, None, "P101"),
    ]
    assert resivo.departures("dormakaba", "001/0007/01", "001/0007/01/0001/07") == [
        ("gebaeude", "001/0007/01", False, None, None),
        ("mietvertraege", "001/0007/01/0001/07", False, date(2021, 3, 1), date(2031, 8, 31)),
    ]


def test_every_row_is_a_body_that_the_contract_takes_and_has_one_main_contact(resivo: Marts) -> None:
    contract = load_contract("dormakaba")
    for name, entity in contract.entities.items():
        schema = contract.schema(name, "create")
        given = {parent.field for parent in entity.parents}
        checker = OAS31Validator(
            {**schema, "required": [n for n in schema.get("required", []) if n not in given]},
            format_checker=OAS31Validator.FORMAT_CHECKER,
        )
        render_marts(resivo.database, contract, [entity])
        bodies = [json.loads(p) for (p,) in resivo.database.execute("select payload from mart").fetchall()]
        assert bodies
        assert [e.message for body in bodies for e in checker.iter_errors(body)] == []
        for body in bodies if name == "mietvertraege" else ():
            assert [t["isMainContact"] for t in body["tenants"]].count(True) == 1


def test_only_the_chosen_gebaeude_take_part_with_their_we_and_a_company_has_the_name_that_is_set(
    build: BUILD,
) -> None:
    chosen = settings(nur_objekte=["001/0007/01"], firma_vorname="c/o")
    select = ["+dormakaba,resource_type:model", "+dormakaba,resource_type:seed"]
    found = Marts(build(STOCK, select=select, vars=chosen))
    assert found.ids("dormakaba__liegenschaften") == ["001/0007"]
    assert found.ids("dormakaba__gebaeude") == ["001/0007/01"]
    assert found.ids("dormakaba__mietobjekte") == ["001/0007/01/0001", "001/0007/01/0002"]
    kiosk = found.row("dormakaba__mietvertraege", "001/0007/01/0002/01")
    assert [t["firstName"] for t in kiosk["tenants"]] == ["c/o"]
