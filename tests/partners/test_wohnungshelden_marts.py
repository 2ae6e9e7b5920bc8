"""What Wohnungshelden gets of the vacancies in `leerstaende.py`, every body by hand."""

from datetime import UTC, datetime
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator

from pipelines.api.protocols import openimmo
from pipelines.contract.contract import load_contract
from tests.partners.conftest import Marts
from tests.partners.haeuser import requests
from tests.partners.leerstaende import CONTACT, FLAT, IMMOBILIEN, KINDS_IN_OPENIMMO, MORE, NO_KIND, built
from tests.push.openimmo_rules import broken_rules, schema_errors

SCHIFF = "objektart Sonstiges: neither objektart of the vacancy nor the seed ve_arten says what it is"


@pytest.fixture(scope="module")
def listings(build: Any) -> Marts:
    return built(build, "wohnungshelden", kanal="json", kontakt_email="post@example.org")


@pytest.fixture(scope="module")
def objects(build: Any) -> Marts:
    return built(build, "wohnungshelden", MORE, **CONTACT)


def findings(marts: Marts, rule: str) -> list[Any]:
    return marts.database.execute(
        "select key, column_name, value from quality.wohnungshelden__findings where rule = ? order by all",
        [rule],
    ).fetchall()


def held(marts: Marts) -> list[Any]:
    return marts.database.execute(
        "select distinct external_id, rule from partners.wohnungshelden__held where table_name = 'leerstand'"
        " or rule = 'V1' order by all"
    ).fetchall()


def test_a_released_vacancy_is_a_listing_with_all_that_the_erp_knows(listings: Marts) -> None:
    assert requests(listings, "wohnungshelden", "leerstaende")[FLAT] == {
        "objectNumber": FLAT,
        "title": "Wohnung, Lindenweg 12a, Dresden",
        "usage": "RESIDENTIAL",
        "address": {"street": "Lindenweg", "houseNumber": "12a", "zipCode": "01067", "city": "Dresden"},
        "floor": 2,
        "rooms": 2.5,
        "livingSpace": 54.3,
        "netColdRent": 612.4,
        "operatingCosts": 110,
        "heatingCosts": 85.5,
        "heatingCostsIncluded": False,
        "totalRent": 807.9,
        "deposit": 1837.2,
        "availableFrom": "2026-05-01",
        "constructionYear": 1956,
        "energyCertificate": {
            "type": "BEDARF",
            "value": 71.25,
            "class": "B",
            "energySource": "Gas",
            "validUntil": "2033-11-30",
        },
        "features": [
            "CELLAR",
            "FITTED_KITCHEN",
            "BALCONY",
            "BICYCLE_ROOM",
            "GUEST_TOILET",
            "CENTRAL_HEATING",
            "INTERCOM",
            "ELEVATOR",
        ],
        "wbsRequired": True,
        "releasedForMarketing": True,
        "contactEmail": "post@example.org",
    }


def test_what_the_vacancy_does_not_say_comes_from_unit_building_and_estate(listings: Marts) -> None:
    assert requests(listings, "wohnungshelden", "leerstaende")["001/0007/01/0002"] == {
        "objectNumber": "001/0007/01/0002",
        "title": "Praxis, Lindenweg 12a, Dresden",
        "usage": "COMMERCIAL",
        "address": {"street": "Lindenweg", "houseNumber": "12a", "zipCode": "01067", "city": "Dresden"},
        "floor": 1,
        "rooms": 4,
        "livingSpace": 120.5,
        "netColdRent": 500,
        "operatingCosts": None,
        "heatingCosts": None,
        "heatingCostsIncluded": True,
        "totalRent": None,
        "deposit": None,
        "availableFrom": "2026-04-01",
        "constructionYear": 1928,
        "energyCertificate": {
            "type": "VERBRAUCH",
            "value": 98.4,
            "class": "C",
            "energySource": "Fernwärme",
            "validUntil": "2031-05-31",
        },
        "features": ["ELEVATOR"],
        "wbsRequired": False,
        "releasedForMarketing": True,
        "contactEmail": "post@example.org",
    }
    house = requests(listings, "wohnungshelden", "leerstaende")["001/0007/03/0001"]
    assert (house["constructionYear"], house["floor"], house["energyCertificate"]) == (1931, -1, None)
    assert (house["features"], house["wbsRequired"], house["heatingCostsIncluded"]) == (
        ["ELEVATOR"],
        None,
        None,
    )


def test_the_class_of_the_unit_says_what_it_is_where_the_vacancy_does_not(listings: Marts) -> None:
    parking = requests(listings, "wohnungshelden", "leerstaende")["001/0007/01/0009"]
    assert (parking["usage"], parking["livingSpace"], parking["features"]) == ("PARKING", 12, ["ELEVATOR"])


def test_le1_of_several_vacancies_of_a_unit_the_first_for_letting_that_is_not_over_goes(
    listings: Marts,
) -> None:
    assert requests(listings, "wohnungshelden", "leerstaende")["001/0007/01/0008"]["netColdRent"] == 701


def test_le1_only_what_is_released_not_over_and_of_a_living_unit_goes(listings: Marts) -> None:
    assert listings.ids("wohnungshelden__leerstaende") == [
        FLAT,
        "001/0007/01/0002",
        "001/0007/01/0008",
        "001/0007/01/0009",
        "001/0007/03/0001",
        "002/77/0001",
    ]


def test_v1_what_wohnungshelden_requires_is_a_finding_where_it_is_missing(listings: Marts) -> None:
    assert findings(listings, "V1") == [
        ("001/0007/01/0006", "nettokaltmiete", None),
        ("001/0007/01/0012", "objektart", "Sonstiges"),
        ("001/0007/01/0013", "nettokaltmiete", None),  # a rent of 0 is none
        ("001/0007/02/0001", "hausnummer", None),
        ("001/0007/02/0001", "ort", None),
        ("001/0007/02/0001", "plz", None),
    ]
    assert findings(listings, "LE1") == [("001/0007/01/0007", "vermarktungsart", "Kauf")]
    assert findings(listings, "I5") == [("001/00/9/01/0001", "we_nr", "00/9")]


def test_h1_what_cannot_be_judged_is_held_and_a_release_taken_back_is_not(listings: Marts) -> None:
    assert held(listings) == [
        ("001/0007/01/0005", "H1"),
        ("001/0007/01/0006", "V1"),
        ("001/0007/01/0012", "V1"),
        ("001/0007/01/0013", "V1"),
        ("001/0007/02/0001", "V1"),
    ]


def test_le1_what_is_for_sale_is_taken_back_and_an_offer_of_an_unknown_kind_is_held(objects: Marts) -> None:
    assert findings(objects, "LE1") == [
        ("001/0007/01/0007", "vermarktungsart", "Kauf"),
        ("001/0007/01/0041", "vermarktungsart", "Kauf"),
    ]
    assert objects.held("wohnungshelden", "001/0007/01/0007", "001/0007/01/0041") == []
    said = "vermarktungsart Erbpacht"
    doubt = ("001/0007/01/0042", "H1", "leerstand", said, False, None, True, None, None)
    assert objects.held("wohnungshelden", "001/0007/01/0042") == [
        ("leerstaende", *doubt),
        ("leerstaende_openimmo", *doubt),
    ]


def test_a_rent_of_0_is_none(objects: Marts) -> None:
    sent = requests(objects, "wohnungshelden", "leerstaende_openimmo")
    assert sent["001/0007/01/0013"]["preise"]["nettokaltmiete"] is None


def test_what_is_held_or_gone_says_all_that_the_plan_asks(objects: Marts) -> None:
    unknown = ("C7", "verwaltungseinheit", "row 22: no ve_nr", False, None, True, "/", None)
    for entity in ("leerstaende", "leerstaende_openimmo"):
        refused = (entity, "001/0007/01/0012", "V1", "leerstand", SCHIFF, False, None, True, None, None)
        found = objects.held("wohnungshelden", "001/0007/01/0012", "001/0007/01/?")
        assert [row for row in found if row[0] == entity] == [refused, (entity, "001/0007/01/?", *unknown)]
        assert (entity, "001/0007/01/0011", True, None, None) in objects.departures(
            "wohnungshelden", "001/0007/01/0011"
        )


def test_every_body_is_one_that_the_contract_takes(listings: Marts) -> None:
    schema = load_contract("wohnungshelden").schema("leerstaende", "create")
    validator = OAS31Validator(schema, format_checker=OAS31Validator.FORMAT_CHECKER)
    sent = requests(listings, "wohnungshelden", "leerstaende")
    assert len(sent) == 6
    for body in sent.values():
        assert [error.message for error in validator.iter_errors(body)] == []


@pytest.mark.parametrize("number", IMMOBILIEN)
def test_a_released_vacancy_is_an_immobilie_with_what_the_erp_knows(objects: Marts, number: str) -> None:
    assert requests(objects, "wohnungshelden", "leerstaende_openimmo")[number] == IMMOBILIEN[number]


def test_the_kind_of_a_unit_is_that_of_openimmo_where_it_agrees_with_its_use(objects: Marts) -> None:
    sent = requests(objects, "wohnungshelden", "leerstaende_openimmo")
    kinds = {key: body["objektkategorie"]["objektart"] for key, body in sent.items()}
    assert kinds["001/0007/01/0009"] == {**NO_KIND, "parken": {"parken_typ": "TIEFGARAGE"}}
    assert kinds["001/0007/03/0001"] == {**NO_KIND, "haus": {"haustyp": "EINFAMILIENHAUS"}}
    assert {key: kinds[key] for key in KINDS_IN_OPENIMMO} == KINDS_IN_OPENIMMO
    assert sent["001/0007/01/0009"]["objektkategorie"]["nutzungsart"] == {"WOHNEN": True, "GEWERBE": False}
    assert sent["001/0007/03/0001"]["geo"]["land"] == {"iso_land": "AUT"}
    assert sent["001/0007/03/0001"]["ausstattung"]["fahrstuhl"] == {"PERSONEN": True}
    fittings = sent["001/0007/01/0030"]["ausstattung"]
    assert (fittings["fahrradraum"], fittings["gaestewc"]) == (True, None)
    assert sent["002/77/0001"]["anbieter"]["firma"] == "Muster Zwei"


def test_v1_openimmo_requires_less_than_a_listing(objects: Marts, listings: Marts) -> None:
    assert objects.ids("wohnungshelden__leerstaende") == []
    assert listings.ids("wohnungshelden__leerstaende_openimmo") == []
    assert objects.ids("wohnungshelden__leerstaende_openimmo") == [
        FLAT,
        "001/0007/01/0002",
        "001/0007/01/0006",
        "001/0007/01/0008",
        "001/0007/01/0009",
        "001/0007/01/0013",
        *KINDS_IN_OPENIMMO,
        "001/0007/01/0040",
        "001/0007/03/0001",
        "002/77/0001",
    ]
    assert findings(objects, "V1") == [
        ("001/0007/01/0012", "objektart", "Sonstiges"),
        ("001/0007/02/0001", "ort", None),
    ]


def test_every_immobilie_keeps_the_rules_of_openimmo(objects: Marts) -> None:
    now = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
    sent = requests(objects, "wohnungshelden", "leerstaende_openimmo")
    made = [openimmo.objekt(number, body, "", now) for number, body in sent.items()]
    assert [openimmo.problems(one) for one in made] == [()] * 12
    document = openimmo.transfer(made, now, "1")
    assert broken_rules(document) == []
    assert schema_errors(document) in ([], None)
