"""What QUIS gets of the houses in `haeuser.py`, every body by hand, under both settings of `expose_als`."""

from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator

from pipelines.contract.contract import load_contract
from tests.partners.conftest import Marts
from tests.partners.haeuser import built, requests

EVERY_HOUSE = [
    "001/0007/01",
    "001/0007/02",
    "001/0007/03",
    "001/0007/04",
    "001/0007/05",
    "001/0007/06",
    "001/0007/07",
    "001/0007/11",
    "001/0007/12",
    "001/0007/13",
    "001/0007/14",
    "001/0007/15",
    "002/77",
]


@pytest.fixture
def groups(build: Any) -> Marts:
    return built(build)


@pytest.fixture
def properties(build: Any) -> Marts:
    return built(build, "properties")


def findings(marts: Marts, rule: str) -> list[Any]:
    return marts.database.execute(
        "select key, column_name, value, reason from quality.quis__findings where rule = ? order by all",
        [rule],
    ).fetchall()


def test_a_wirtschaftseinheit_is_a_group_at_the_top_without_location(groups: Marts) -> None:
    assert requests(groups, "quis", "objektgruppen") == {"001/0007": {"customId": "001/0007"}}


def test_a_gebaeude_is_a_group_below_its_wirtschaftseinheit(groups: Marts) -> None:
    exposes = requests(groups, "quis", "exposes")
    assert exposes["001/0007/01"] == {
        "customId": "001/0007/01",
        "location": {"address": {"unstructured": "Lindenweg 12a, 01067 Dresden"}},
        "parentId": "001/0007",
    }
    assert sorted(exposes) == EVERY_HOUSE
    assert exposes["001/0007/06"]["location"] == {"address": {"unstructured": "Lindenweg, Dresden"}}
    assert exposes["001/0007/07"]["location"] == {"address": {"unstructured": "Bachweg 2-4, 01067 Dresden"}}


def test_a_gebaeude_without_wirtschaftseinheit_stands_at_the_top(groups: Marts) -> None:
    assert requests(groups, "quis", "exposes")["002/77"] == {
        "customId": "002/77",
        "location": {"address": {"unstructured": "Hang, 01796 Pirna"}},
        "parentId": None,
    }


def test_v2_a_gebaeude_without_street_goes_without_location(groups: Marts) -> None:
    assert requests(groups, "quis", "exposes")["001/0007/03"] == {
        "customId": "001/0007/03",
        "location": None,
        "parentId": "001/0007",
    }
    why = "location left out: QUIS looks the address up by street, and postcode or town"
    assert findings(groups, "V2") == [("001/0007/03", "strasse", None, why)]
    assert findings(groups, "V1") == []


def test_as_groups_no_gebaeude_is_a_property_and_the_other_way_round(
    groups: Marts, properties: Marts
) -> None:
    assert groups.ids("quis__exposes_als_property") == []
    assert properties.ids("quis__exposes") == []
    assert properties.ids("quis__objektgruppen") == ["001/0007"]


def test_a_house_with_one_flat_is_a_property_when_the_setting_says_so(properties: Marts) -> None:
    assert requests(properties, "quis", "exposes_als_property")["001/0007/02"] == {
        "customId": "001/0007/02",
        "location": {"address": {"unstructured": "Finkenweg 3, 01099 Dresden"}},
        "propertyType": {"type": "house", "subtype": "house_one_family"},
        "buildingYear": 1931,
        "livingArea": 142.75,
        "numberOfRooms": 5.5,
        "floor": 0,
        "rentControl": True,
        "energyCertificate": {"type": "consumption", "value": 71.25},
        "primaryEnergySource": "gas",
        "equipments": ["balcony", "lift", "kitchen"],
        "parentId": "001/0007",
    }


def test_only_words_that_quis_is_known_to_take_are_sent(properties: Marts) -> None:
    assert requests(properties, "quis", "exposes_als_property")["001/0007/04"] == {
        "customId": "001/0007/04",
        "location": {"address": {"unstructured": "Amselgasse 7, 1010 Dresden"}},
        "propertyType": {"type": "apartment", "subtype": "apartment_apartment"},
        "buildingYear": 1980,
        "livingArea": 61.05,
        "numberOfRooms": 3,
        "floor": None,
        "rentControl": None,
        "energyCertificate": None,
        "primaryEnergySource": None,
        "equipments": [],
        "parentId": "001/0007",
    }


def test_a_property_without_wirtschaftseinheit_has_no_parent(properties: Marts) -> None:
    body = requests(properties, "quis", "exposes_als_property")["002/77"]
    assert (body["parentId"], body["propertyType"]["subtype"]) == (None, "apartment_penthouse")


def test_a_lift_says_nothing_of_a_subsidy(properties: Marts) -> None:
    body = requests(properties, "quis", "exposes_als_property")["002/77"]
    assert (body["equipments"], body["rentControl"]) == (["lift"], False)


def test_v1_what_is_no_property_at_quis_is_a_finding(properties: Marts) -> None:
    assert properties.ids("quis__exposes_als_property") == [
        "001/0007/02",
        "001/0007/04",
        "001/0007/07",
        "001/0007/11",
        "001/0007/12",
        "001/0007/13",
        "001/0007/14",
        "001/0007/15",
        "002/77",
    ]
    one = "a property at QUIS is one flat or house; this is the number of living VE"
    assert findings(properties, "V1") == [
        ("001/0007/01", "gebaeude_nr", "10", one),
        ("001/0007/03", "strasse", None, "QUIS looks the address up: street, and postcode or town"),
        ("001/0007/05", "gebaeude_nr", "2", one),
        (
            "001/0007/06",
            "ve_art",
            "Laden",
            "a property at QUIS is a flat or a house: no kind of the seed wohnungsarten",
        ),
    ]


def test_v2_a_year_that_is_no_number_is_left_out(properties: Marts) -> None:
    assert requests(properties, "quis", "exposes_als_property")["001/0007/15"]["buildingYear"] is None
    assert findings(properties, "V2") == [("001/0007/15", "baujahr", "um 1900", "left out: no plain year")]


def test_e1_and_i5_hold_for_groups_and_properties(groups: Marts, properties: Marts) -> None:
    for marts in (groups, properties):
        assert marts.findings("quis", "I5") == {
            ("wirtschaftseinheit", "001/00/9"),
            ("gebaeude", "001/00/9/01"),
        }
        found = [
            key
            for mart in ("objektgruppen", "exposes", "exposes_als_property")
            for key in marts.ids(f"quis__{mart}")
        ]
        assert not [key for key in found if key.startswith(("900", "001/00/9"))]


def test_e2_has_no_effect_as_no_mart_holds_a_person(groups: Marts) -> None:
    columns = groups.database.execute(
        "select distinct column_name from duckdb_columns()"
        " where schema_name = 'partners' and table_name like 'quis%' and not ends_with(table_name, '__held')"
    ).fetchall()
    assert {name for (name,) in columns} == {
        "external_id",
        "objektgruppen_external_id",
        "customId",
        "location",
        "propertyType",
        "buildingYear",
        "livingArea",
        "numberOfRooms",
        "floor",
        "rentControl",
        "energyCertificate",
        "primaryEnergySource",
        "equipments",
    }
    # Every Gebäude goes, although nobody in this stock has an e-mail address, or lives there at all.
    assert len(groups.ids("quis__exposes")) == 13


@pytest.mark.parametrize("entity", ["objektgruppen", "exposes", "exposes_als_property"])
def test_every_body_is_one_that_the_contract_takes(groups: Marts, properties: Marts, entity: str) -> None:
    schema = load_contract("quis").schema(entity, "create")
    validator = OAS31Validator(schema)
    sent = requests(properties if entity == "exposes_als_property" else groups, "quis", entity)
    assert sent
    for external_id, body in sent.items():
        assert set(body) <= set(schema["properties"])
        assert [e.message for e in validator.iter_errors({**body, "externalId": external_id})] == []


def test_another_word_for_expose_als_is_refused_with_the_allowed_ones(dbt: Any) -> None:
    setting = {"aktiv": True, "separator": "/", "mandanten": "alle", "expose_als": "exposes"}
    refused = dbt.refusal({"partners": {"quis": setting}})
    assert "partners.quis.expose_als is exposes; allowed: property_groups, properties;" in refused


def test_what_is_held_says_all_that_the_plan_asks(groups: Marts) -> None:
    slash = "a number contains the separator /"
    nowhere = "strasse: QUIS looks the address up: street, and postcode or town"
    group, house, other = "001/00/9", "001/00/9/01", "001/0007/03"
    assert groups.held("quis", group, house, other) == [
        ("exposes", house, "I5", "gebaeude", slash, False, None, True, None, None),
        ("exposes_als_property", house, "I5", "gebaeude", slash, False, None, True, None, None),
        ("exposes_als_property", other, "V1", "gebaeude", nowhere, False, None, True, None, None),
        ("objektgruppen", group, "I5", "wirtschaftseinheit", slash, False, None, True, None, None),
    ]
