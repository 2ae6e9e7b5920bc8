"""What PriceHubble gets of the houses in `haeuser.py`, every body by hand."""

import csv
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator

from pipelines.contract.contract import load_contract
from tests.partners.conftest import Marts
from tests.partners.haeuser import LONG, built, requests

SEEDS = Path(__file__).parents[2] / "seeds"
FLAT = "001/0007/01/0001"


@pytest.fixture
def houses(build: Any) -> Marts:
    return built(build)


@pytest.fixture
def dossiers(houses: Marts) -> dict[str, Any]:
    return requests(houses, "pricehubble", "dossiers")


def test_a_flat_is_a_dossier_with_the_facts_of_its_building(dossiers: dict[str, Any]) -> None:
    assert dossiers[FLAT] == {
        "title": "Wohnung 1, Lindenweg 12a",
        "dealType": "rent",
        "countryCode": "DE",
        "property": {
            "location": {
                "address": {
                    "street": "Lindenweg",
                    "houseNumber": "12a",
                    "postCode": "01067",
                    "city": "Dresden",
                }
            },
            "propertyType": {"code": "apartment", "subcode": None},
            "buildingYear": 1928,
            "livingArea": 54.3,
            "numberOfRooms": 2.5,
            "floorNumber": 1,
            "numberOfFloorsInBuilding": 5,
            "hasLift": True,
            "energyLabel": "C",
        },
        "userDefinedFields": [{"label": "Gebäude", "value": "001/0007/01"}],
    }


def test_what_the_erp_does_not_say_is_null_and_the_year_is_that_of_the_wirtschaftseinheit(
    dossiers: dict[str, Any],
) -> None:
    assert dossiers["001/0007/07/0001"] == {
        "title": "0001, Bachweg 2-4",
        "dealType": None,
        "countryCode": "DE",
        "property": {
            "location": {
                "address": {
                    "street": "Bachweg",
                    "houseNumber": "2-4",
                    "postCode": "01067",
                    "city": "Dresden",
                }
            },
            "propertyType": {"code": "apartment", "subcode": "apartment_attic"},
            "buildingYear": 1931,
            "livingArea": 61.05,
            "numberOfRooms": None,
            "floorNumber": 4,
            "numberOfFloorsInBuilding": None,
            "hasLift": False,
            "energyLabel": None,
        },
        "userDefinedFields": [{"label": "Gebäude", "value": "001/0007/07"}],
    }


def test_a_building_without_we_and_house_number_is_no_obstacle(dossiers: dict[str, Any]) -> None:
    body = dossiers["002/77/0001"]
    assert body["title"] == "0001, Hang"
    assert body["property"]["location"]["address"]["houseNumber"] is None
    assert body["property"]["propertyType"] == {"code": "apartment", "subcode": "apartment_penthouse"}
    assert body["property"]["energyLabel"] == "A+"
    assert body["property"]["hasLift"] is True
    assert body["userDefinedFields"] == [{"label": "Gebäude", "value": "002/77"}]


def test_only_residential_units_within_all_limits_are_sent(houses: Marts) -> None:
    assert houses.ids("pricehubble__dossiers") == [
        "001/0007/01/0001",
        "001/0007/01/0003",
        "001/0007/01/0006",
        "001/0007/01/0008",
        "001/0007/01/0009",
        "001/0007/01/0010",
        "001/0007/07/0001",
        "001/0007/12/0001",
        "001/0007/13/0001",
        "002/77/0001",
    ]


def test_the_limits_themselves_are_allowed(dossiers: dict[str, Any]) -> None:
    def value(external_id: str, name: str) -> Any:
        return dossiers[external_id]["property"][name]

    assert (value("001/0007/01/0003", "livingArea"), value("001/0007/01/0006", "livingArea")) == (10, 800)
    assert (value("001/0007/12/0001", "buildingYear"), value("001/0007/13/0001", "buildingYear")) == (
        1850,
        2029,
    )
    assert (value("001/0007/01/0009", "numberOfRooms"), value("001/0007/01/0010", "numberOfRooms")) == (20, 1)
    assert value("001/0007/01/0009", "floorNumber") == -1


def test_v1_what_misses_a_required_value_is_a_finding_and_not_sent(houses: Marts) -> None:
    found = houses.database.execute(
        "select key, column_name, value, reason from quality.pricehubble__findings where rule = 'V1' order by all"
    ).fetchall()
    assert found == [
        ("001/0007/01/0004", "wohnflaeche", "9.99", "not from 10 to 800 m²"),
        ("001/0007/01/0005", "wohnflaeche", "800.01", "not from 10 to 800 m²"),
        ("001/0007/01/0007", "wohnflaeche", None, "the living area is required"),
        (
            "001/0007/02/0001",
            "ve_art",
            "Einfamilienhaus",
            "a house needs its land area, which the ERP does not have",
        ),
        ("001/0007/03/0001", "plz", None, "PriceHubble requires the postcode"),
        ("001/0007/03/0001", "strasse", None, "PriceHubble requires the street"),
        ("001/0007/04/0001", "land", "AT", "PriceHubble gets dossiers in Germany only"),
        ("001/0007/11/0001", "baujahr", "1849", "not from 1850 to three years after the key date"),
        ("001/0007/14/0001", "baujahr", "2030", "not from 1850 to three years after the key date"),
        ("001/0007/15/0001", "baujahr", "um 1900", "a year of construction is required"),
    ]


def test_v2_an_optional_value_outside_its_limits_is_left_out_and_reported(
    houses: Marts, dossiers: dict[str, Any]
) -> None:
    found = houses.database.execute(
        "select key, column_name, value, reason from quality.pricehubble__findings where rule = 'V2' order by all"
    ).fetchall()
    rooms, label = "left out: not from 1 to 20 in halves", "left out: not from A+ to H"
    assert found == [
        ("001/0007/01/0003", "zimmer", "20.5", rooms),
        ("001/0007/01/0006", "zimmer", "0.5", rooms),
        ("001/0007/01/0008", "zimmer", "2.3", rooms),
        ("001/0007/12/0001", "energieeffizienzklasse", "A++", label),
        ("001/0007/13/0001", "energieeffizienzklasse", "A++", label),
    ]
    assert [
        dossiers[key]["property"]["numberOfRooms"] for key, column, *_ in found if column == "zimmer"
    ] == [
        None,
        None,
        None,
    ]
    left = dossiers["001/0007/12/0001"]["property"]
    assert (left["numberOfRooms"], left["energyLabel"]) == (3.5, None)


def test_e1_and_i5_hold_for_dossiers(houses: Marts) -> None:
    assert houses.findings("pricehubble", "I5") == {("verwaltungseinheit", "001/00/9/01/0001")}
    assert not [key for key in houses.ids("pricehubble__dossiers") if key.startswith(("900", "001/00/9"))]
    assert houses.finding("pricehubble", "verwaltungseinheit", "001/00/9/01/0001")["column_name"] == "we_nr"


def test_a_title_is_cut_after_sixty_characters(dossiers: dict[str, Any]) -> None:
    title = dossiers["001/0007/01/0003"]["title"]
    assert len(LONG) == 64
    assert title == "Galeriewohnung über zwei Etagen mit Blick in den Innenhof, N"


def test_every_body_is_one_that_the_contract_takes(dossiers: dict[str, Any]) -> None:
    schema = load_contract("pricehubble").schema("dossiers", "create")
    validator = OAS31Validator(schema)
    for external_id, body in dossiers.items():
        assert set(body) <= set(schema["properties"])
        assert set(body["property"]) <= set(schema["properties"]["property"]["properties"])
        whole = {**body, "sourceDossierId": external_id}
        assert [error.message for error in validator.iter_errors(whole)] == []


def test_every_kind_of_the_class_wohnen_has_a_type_at_both_partners() -> None:
    def rows(name: str) -> list[dict[str, str]]:
        with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    kinds = {row["ve_art"] for row in rows("ve_arten") if row["klasse"] == "wohnen"}
    assert kinds <= {row["ve_art"] for row in rows("wohnungsarten")}
    for partner, column in (("pricehubble", "code"), ("quis", "type")):
        assert all(row[f"{partner}_{column}"] for row in rows("wohnungsarten"))


def test_what_is_held_says_all_that_the_plan_asks(houses: Marts) -> None:
    slash, too_small = "a number contains the separator /", "wohnflaeche 9.99: not from 10 to 800 m²"
    unit, small, here = "001/00/9/01/0001", "001/0007/01/0004", "verwaltungseinheit"
    assert houses.held("pricehubble", unit, small) == [
        ("dossiers", unit, "I5", here, slash, False, None, True, None, None),
        ("dossiers", small, "V1", here, too_small, False, None, True, None, None),
    ]
