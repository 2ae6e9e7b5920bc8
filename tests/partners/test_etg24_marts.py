"""What etg24 gets of the small stock, every row by hand."""

from datetime import date
from decimal import Decimal
from typing import Any

NO_ADDRESS = {"street": None, "houseNumber": None, "postalCode": None, "city": None, "country": "DE"}
P100 = {
    "salutation": "Frau",
    "firstName": "Jördis",
    "lastName": "Ährenfeld",
    "deliveryInstructions": "c/o Beispiel",
    "address": None,
    "emailAddress": "joerdis@example.org",
    "phoneMobile": "0152 28817386",
    "phoneLandline": "030/23125 017",
    "fax": None,
}
P301 = {
    "salutation": None,
    "firstName": "Orla",
    "lastName": "Eigen",
    "deliveryInstructions": None,
    "address": {"street": "Hof", "houseNumber": None, "postalCode": "2345", "city": None, "country": None},
    "emailAddress": None,
    "phoneMobile": None,
    "phoneLandline": "0221 4710 017",
    "fax": None,
}
P309 = {
    "salutation": "Firma",
    "firstName": None,
    "lastName": "Grund und Giebel GmbH",
    "deliveryInstructions": "z. Hd. Muster",
    "address": {
        "street": "Bahnhofstraße",
        "houseNumber": "31",
        "postalCode": "6020",
        "city": "Innsbruck",
        "country": "AT",
    },
    "emailAddress": "giebel@example.org",
    "phoneMobile": "0151 27700 117",
    "phoneLandline": "0221 4710 031",
    "fax": "0221 4710 032",
}


def test_every_wirtschaftseinheit_is_an_objektgruppe_and_has_a_title(marts: Any) -> None:
    assert marts.rows("etg24__objektgruppen") == [
        {"external_id": "001/0007", "title": "Gartenstadt"},
        {"external_id": "002/0001", "title": "0001"},
    ]


def test_an_objekt_is_named_by_its_bezeichnung_else_its_address_else_its_number(marts: Any) -> None:
    assert marts.rows("etg24__objekte") == [
        {"external_id": "001/0007/01", "objektgruppen_external_id": "001/0007", "title": "Lindenweg 12a"},
        {"external_id": "001/0007/02", "objektgruppen_external_id": "001/0007", "title": "Garagenhof"},
        {"external_id": "002/0001/01", "objektgruppen_external_id": "002/0001", "title": "01"},
        {"external_id": "002/77", "objektgruppen_external_id": None, "title": "Haus ohne WE"},
    ]


def test_an_objekt_has_one_address_and_only_a_plain_year_is_a_construction_date(marts: Any) -> None:
    first, second, third, fourth = marts.rows("etg24__objekt_adressen")
    assert first == {
        "external_id": "001/0007/01",
        "objekte_external_id": "001/0007/01",
        "address": {
            "street": "Lindenweg",
            "houseNumber": "12a",
            "postalCode": "01067",
            "city": "Dresden",
            "country": "DE",
        },
        "buildingType": "Gebaeude",
        "constructionFinishedOn": date(1928, 1, 1),
        "preservationOrder": True,
        "heatingEnergySource": "Fernwärme",
    }
    assert second["address"] == {**NO_ADDRESS, "street": "Lindenweg", "country": "AT"}
    assert second["constructionFinishedOn"] is None
    assert third["address"] == fourth["address"] == NO_ADDRESS


def test_an_einheit_hangs_on_its_objekt_and_takes_its_type_from_the_seed(marts: Any) -> None:
    flat, shop, garage, loft, uts = marts.rows("etg24__einheiten")
    assert flat == {
        "external_id": "001/0007/01/0001",
        "objekte_external_id": "001/0007/01",
        "number": "0001",
        "position": "1. OG links",
        "share": Decimal("123.4567"),
        "area": Decimal("54.30"),
        "type": "apartment",
        "votingWeight": None,
    }
    assert (shop["position"], shop["area"], shop["type"]) == ("rechts", Decimal("1080.50"), "commercial")
    assert (garage["external_id"], garage["type"]) == ("001/0007/02/G-1", "parking")
    assert (loft["external_id"], loft["type"]) == ("002/0001/01/0001", "other")
    assert (uts["external_id"], uts["objekte_external_id"]) == ("002/77/0001", "002/77")


def test_a_lease_is_a_rental_contract_until_its_last_day(marts: Any) -> None:
    rows = marts.rows("etg24__mietvertraege")
    assert rows[:2] == [
        {
            "external_id": "001/0007/01/0001/01",
            "einheiten_external_id": "001/0007/01/0001",
            "contractType": "rental",
            "validFrom": date(2020, 2, 1),
            "validTo": None,
        },
        {
            "external_id": "001/0007/01/0002/01",
            "einheiten_external_id": "001/0007/01/0002",
            "contractType": "rental",
            "validFrom": date(2020, 2, 1),
            "validTo": date(2098, 6, 30),
        },
    ]
    assert [row["external_id"] for row in rows[2:]] == ["002/0001/01/0001/06", "002/77/0001/01"]


def test_a_tenant_is_a_participant_of_each_of_its_leases(marts: Any) -> None:
    first, couple, company, nameless, again = marts.rows("etg24__mieter")
    on_the_first_lease = {
        "external_id": "001/0007/01/0001/01/P100",
        "mietvertraege_external_id": "001/0007/01/0001/01",
    }
    on_the_second_lease = {
        "external_id": "002/77/0001/01/P100",
        "mietvertraege_external_id": "002/77/0001/01",
    }
    assert first == {**on_the_first_lease, **P100}
    assert again == {**on_the_second_lease, **P100}
    assert couple == {
        "external_id": "001/0007/01/0001/01/P102",
        "mietvertraege_external_id": "001/0007/01/0001/01",
        "salutation": None,
        "firstName": "Erika und Max",
        "lastName": "Muster",
        "deliveryInstructions": None,
        "address": {
            "street": "Am Anger",
            "houseNumber": "7b",
            "postalCode": "01099",
            "city": "Dresden",
            "country": "DE",
        },
        "emailAddress": "paar@example.com",
        "phoneMobile": None,
        "phoneLandline": "030/23125 018",
        "fax": None,
    }
    assert (company["salutation"], company["firstName"], company["lastName"], company["fax"]) == (
        "Firma",
        None,
        "Kiosk Nord GmbH",
        "030/23125 019",
    )
    assert (nameless["external_id"], nameless["salutation"]) == ("002/0001/01/0001/06/P103", None)


def test_an_owner_contract_carries_its_owners(marts: Any) -> None:
    assert marts.rows("etg24__eigentuemervertraege") == [
        {
            "external_id": "001/0007/01/0001/E04",
            "einheiten_external_id": "001/0007/01/0001",
            "contractType": "owner",
            "validFrom": date(2018, 10, 1),
            "validTo": date(2097, 11, 30),
            "sondereigentumsverwaltung": None,
            "occupier": True,
        },
        {
            "external_id": "002/0001/01/0001/E01",
            "einheiten_external_id": "002/0001/01/0001",
            "contractType": "owner",
            "validFrom": date(2015, 7, 1),
            "validTo": None,
            "sondereigentumsverwaltung": True,
            "occupier": False,
        },
        {
            "external_id": "002/77/0001/E11",
            "einheiten_external_id": "002/77/0001",
            "contractType": "owner",
            "validFrom": date(2019, 11, 1),
            "validTo": None,
            "sondereigentumsverwaltung": None,
            "occupier": False,
        },
    ]


def test_owners_are_participants_without_needing_an_email(marts: Any) -> None:
    assert marts.rows("etg24__eigentuemer") == [
        {
            "external_id": "001/0007/01/0001/E04/P301",
            "eigentuemervertraege_external_id": "001/0007/01/0001/E04",
            **P301,
        },
        {
            "external_id": "002/0001/01/0001/E01/P100",
            "eigentuemervertraege_external_id": "002/0001/01/0001/E01",
            **P100,
        },
        {
            "external_id": "002/0001/01/0001/E01/P301",
            "eigentuemervertraege_external_id": "002/0001/01/0001/E01",
            **P301,
        },
        {
            "external_id": "002/77/0001/E11/P309",
            "eigentuemervertraege_external_id": "002/77/0001/E11",
            **P309,
        },
    ]


def test_what_is_held_or_gone_says_all_that_the_plan_asks(marts: Any) -> None:
    slash, no_mail = "a number contains the separator /", "no valid e-mail address: xxxxx"
    unit, lease, owned = "001/00/9/01/0001", "001/0007/01/0001/01", "002/0001/01/0001/E03"
    assert marts.held("etg24", unit, lease, f"{lease}/P101", owned, f"{owned}/P/9") == [
        ("eigentuemer", f"{owned}/P/9", "I5", "eigentuemer", slash, False, None, True, None, "P/9"),
        ("eigentuemervertraege", owned, "I5", "eigentuemer", slash, False, None, True, None, "P/9"),
        ("einheiten", unit, "I5", "verwaltungseinheit", slash, False, None, True, None, None),
        ("mieter", f"{lease}/P101", "E5", "kontaktweg", no_mail, False, None, True, None, "P101"),
        ("mietvertraege", lease, "E5", "kontaktweg", no_mail, False, None, True, None, "P101"),
    ]
    assert marts.departures("etg24", unit, f"{lease}/P102", "001/0007/01/0001/E04", owned) == [
        ("eigentuemervertraege", "001/0007/01/0001/E04", False, date(2018, 10, 1), date(2097, 11, 30)),
        ("eigentuemervertraege", owned, False, date(2017, 9, 1), None),
        ("einheiten", unit, False, None, None),
        ("mieter", f"{lease}/P102", False, date(2021, 5, 1), date(2099, 12, 30)),
    ]
