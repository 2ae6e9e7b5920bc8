"""What facilioo gets of the small stock, every row by hand."""

from typing import Any

LINDENWEG = {
    "name": "Lindenweg 12a",
    "number": "01",
    "street": "Lindenweg",
    "houseNumber": "12a",
    "postalCode": "01067",
    "city": "Dresden",
    "country": "DE",
}


def test_every_wirtschaftseinheit_is_a_projekt(marts: Any) -> None:
    assert marts.rows("facilioo__projekte") == [
        {"external_id": "001/0007", "name": "Gartenstadt", "number": "0007"},
        {"external_id": "002/0001", "name": "0001", "number": "0001"},
    ]


def test_a_gebaeude_and_its_eingang_have_the_same_id_and_fields(marts: Any) -> None:
    assert marts.row("facilioo__gebaeude", "001/0007/01") == {
        "external_id": "001/0007/01",
        "projekte_external_id": "001/0007",
        **LINDENWEG,
    }
    assert marts.row("facilioo__eingaenge", "001/0007/01") == {
        "external_id": "001/0007/01",
        "gebaeude_external_id": "001/0007/01",
        **LINDENWEG,
    }
    everything = ["001/0007/01", "001/0007/02", "002/0001/01", "002/77"]
    assert marts.ids("facilioo__gebaeude") == marts.ids("facilioo__eingaenge") == everything


def test_an_einheit_hangs_on_the_eingang_with_its_floor_as_text(marts: Any) -> None:
    assert marts.row("facilioo__einheiten", "001/0007/01/0001") == {
        "external_id": "001/0007/01/0001",
        "eingaenge_external_id": "001/0007/01",
        "number": "0001",
        "name": "Wohnung 1",
        "floor": "1",
        "position": "1. OG links",
        "typeId": 1,
    }
    types = {row["external_id"]: row["typeId"] for row in marts.rows("facilioo__einheiten")}
    assert types == {
        "001/0007/01/0001": 1,
        "001/0007/01/0002": 2,
        "001/0007/02/G-1": 3,
        "002/0001/01/0001": 1,
        "002/77/0001": 1,
    }


def test_a_tenant_is_one_party_whatever_its_leases(marts: Any) -> None:
    assert marts.ids("facilioo__parteien_mieter") == ["P100", "P102", "P103", "P200"]
    assert marts.row("facilioo__parteien_mieter", "P102") == {
        "external_id": "P102",
        "typeId": 7,
        "salutation": "Eheleute",
        "primaryName": "Erika und Max",
        "secondaryName": "Muster",
        "street": "Am Anger",
        "houseNumber": "7b",
        "addressAddition": None,
        "postalCode": "01099",
        "city": "Dresden",
        "country": "DE",
        "isContactableByEmail": True,
        "isContactableByPush": False,
        "isContactableByMail": False,
    }
    assert marts.row("facilioo__parteien_mieter", "P100")["addressAddition"] == "c/o Beispiel"
    company = marts.row("facilioo__parteien_mieter", "P200")
    assert (company["primaryName"], company["secondaryName"]) == (None, "Kiosk Nord GmbH")


def test_an_owner_without_an_email_is_reached_by_letter(marts: Any) -> None:
    assert marts.rows("facilioo__parteien_eigentuemer") == [
        {
            "external_id": "P301",
            "typeId": 7,
            "salutation": None,
            "primaryName": "Orla",
            "secondaryName": "Eigen",
            "street": "Hof",
            "houseNumber": None,
            "addressAddition": None,
            "postalCode": "2345",
            "city": None,
            "country": None,
            "isContactableByEmail": False,
            "isContactableByPush": False,
            "isContactableByMail": True,
        },
        {
            "external_id": "P309",
            "typeId": 7,
            "salutation": "Firma",
            "primaryName": None,
            "secondaryName": "Grund und Giebel GmbH",
            "street": "Bahnhofstraße",
            "houseNumber": "31",
            "addressAddition": "z. Hd. Muster",
            "postalCode": "6020",
            "city": "Innsbruck",
            "country": "AT",
            "isContactableByEmail": True,
            "isContactableByPush": False,
            "isContactableByMail": False,
        },
    ]


def test_contact_details_are_one_record_for_each_kind_that_is_known(marts: Any) -> None:
    rows = marts.rows("facilioo__kontaktdaten")
    assert [(row["external_id"], row["contactTypeId"], row["value"]) for row in rows] == [
        ("P100/email", 1, "joerdis@example.org"),
        ("P100/festnetz", 2, "030/23125 017"),
        ("P100/handynummer", 3, "0152 28817386"),
        ("P102/email", 1, "paar@example.com"),
        ("P102/festnetz", 2, "030/23125 018"),
        ("P103/email", 1, "vier@example.net"),
        ("P103/handynummer", 3, "tagsüber"),
        ("P200/email", 1, "kiosk@example.org"),
        ("P301/festnetz", 2, "0221 4710 017"),
        ("P309/email", 1, "giebel@example.org"),
        ("P309/festnetz", 2, "0221 4710 031"),
        ("P309/handynummer", 3, "0151 27700 117"),
    ]
    parties = {row["parteien_mieter_external_id"] for row in rows}
    owners = {row["parteien_eigentuemer_external_id"] for row in rows}
    assert parties == {"P100", "P102", "P103", "P200", None}
    assert owners == {"P301", "P309", None}


def test_a_lease_is_one_contract_for_each_tenant_with_whole_days(marts: Any) -> None:
    assert marts.rows("facilioo__vertraege_mieter") == [
        {
            "external_id": f"{unit}/{number}/{person}",
            "einheiten_external_id": unit,
            "parteien_mieter_external_id": person,
            "number": number,
            "typeId": 4,
            "effectiveFrom": begin,
            "terminationAt": end,
        }
        for unit, number, person, begin, end in [
            ("001/0007/01/0001", "01", "P100", "2020-02-01T00:00:00+01:00", None),
            ("001/0007/01/0001", "01", "P102", "2021-05-01T00:00:00+02:00", "2099-12-30T23:59:59+01:00"),
            ("001/0007/01/0002", "01", "P200", "2020-02-01T00:00:00+01:00", "2098-06-30T23:59:59+02:00"),
            ("002/0001/01/0001", "06", "P103", "2020-02-01T00:00:00+01:00", None),
            ("002/77/0001", "01", "P100", "2027-01-01T00:00:00+01:00", None),
        ]
    ]


def test_an_owner_contract_names_the_party_that_exists(marts: Any) -> None:
    rows = marts.rows("facilioo__vertraege_eigentuemer")
    assert [
        (row["external_id"], row["parteien_mieter_external_id"], row["parteien_eigentuemer_external_id"])
        for row in rows
    ] == [
        ("001/0007/01/0001/E04/P301", None, "P301"),
        ("001/0007/01/0002/E02/P301", None, "P301"),
        ("002/0001/01/0001/E01/P100", "P100", None),
        ("002/0001/01/0001/E01/P301", None, "P301"),
        ("002/77/0001/E11/P309", None, "P309"),
    ]
    assert rows[0] == {
        "external_id": "001/0007/01/0001/E04/P301",
        "einheiten_external_id": "001/0007/01/0001",
        "parteien_mieter_external_id": None,
        "parteien_eigentuemer_external_id": "P301",
        "number": "04",
        "typeId": 3,
        "effectiveFrom": "2018-10-01T00:00:00+02:00",
        "terminationAt": "2097-11-30T23:59:59+01:00",
    }
