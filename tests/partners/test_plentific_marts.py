"""What Plentific gets of the small stock, every row by hand."""

from datetime import date
from decimal import Decimal
from typing import Any

LINDENWEG = {
    "line_1": "Lindenweg 12a",
    "line_2": None,
    "city": "Dresden",
    "postcode": "01067",
    "country": "DE",
}


def test_a_gebaeude_is_an_objekt_whose_address_always_has_a_first_line(marts: Any) -> None:
    first, second, third, fourth = marts.rows("plentific__objekte")
    assert first == {
        "external_id": "001/0007/01",
        "name": "Lindenweg 12a",
        "address": LINDENWEG,
        "is_active": True,
    }
    assert (second["name"], second["address"]["line_1"]) == ("Garagenhof", "Lindenweg")
    assert (third["name"], third["address"]["line_1"]) == ("01", "01")
    assert (fourth["name"], fourth["address"]["line_1"]) == ("Haus ohne WE", "Haus ohne WE")


def test_a_verwaltungseinheit_is_an_unterobjekt_with_the_address_of_its_gebaeude(marts: Any) -> None:
    assert marts.row("plentific__unterobjekte", "001/0007/01/0001") == {
        "external_id": "001/0007/01/0001",
        "objekte_external_id": "001/0007/01",
        "name": "Wohnung 1",
        "address": LINDENWEG,
        "floor": "1",
        "unit_number": "0001",
        "size_sqm": Decimal("54.30"),
        "rooms": Decimal("2.5"),
        "is_active": True,
    }
    lines = {row["external_id"]: row["address"]["line_1"] for row in marts.rows("plentific__unterobjekte")}
    assert lines == {
        "001/0007/01/0001": "Lindenweg 12a",
        "001/0007/01/0002": "Lindenweg 12a",
        "001/0007/02/G-1": "Lindenweg",
        "002/0001/01/0001": "01",
        "002/77/0001": "Haus ohne WE",
    }


def test_a_tenant_hangs_on_its_unit_with_its_own_dates_and_an_international_number(marts: Any) -> None:
    assert marts.row("plentific__unterobjekte_mieter", "001/0007/01/0001/01/P102") == {
        "external_id": "001/0007/01/0001/01/P102",
        "unterobjekte_external_id": "001/0007/01/0001",
        "first_name": "Erika und Max",
        "last_name": "Muster",
        "company_name": None,
        "email": "paar@example.com",
        "phone": "+493023125018",
        "start_date": date(2021, 5, 1),
        "end_date": date(2099, 12, 30),
        "is_active": True,
    }
    numbers = {row["external_id"]: row["phone"] for row in marts.rows("plentific__unterobjekte_mieter")}
    assert numbers == {
        "001/0007/01/0001/01/P100": "+4915228817386",
        "001/0007/01/0001/01/P102": "+493023125018",
        "001/0007/01/0002/01/P200": None,
        "001/0007/01/0002/E02/P102": "+493023125018",
        "002/0001/01/0001/06/P103": None,
        "002/77/0001/01/P100": "+4915228817386",
    }


def test_a_company_has_its_name_as_last_name_too(marts: Any) -> None:
    company = marts.row("plentific__unterobjekte_mieter", "001/0007/01/0002/01/P200")
    assert (company["first_name"], company["last_name"], company["company_name"]) == (
        None,
        "Kiosk Nord GmbH",
        "Kiosk Nord GmbH",
    )


def test_an_owner_is_one_record_with_all_its_units_sorted(marts: Any) -> None:
    owners = {
        row["external_id"]: row["unterobjekte_external_ids"]
        for row in marts.rows("plentific__unterobjekte_vermieter")
    }
    assert owners == {
        "P100": ["002/0001/01/0001"],
        "P102": ["001/0007/01/0002"],
        "P301": ["001/0007/01/0001", "001/0007/01/0002", "002/0001/01/0001"],
        "P309": ["002/77/0001"],
    }
    assert marts.row("plentific__unterobjekte_vermieter", "P301") == {
        "external_id": "P301",
        "unterobjekte_external_ids": owners["P301"],
        "first_name": "Orla",
        "last_name": "Eigen",
        "company_name": None,
        "email": None,
        "phone": "+492214710017",
        "is_active": True,
    }


def test_an_owner_that_is_a_company_has_its_name_twice_and_an_email(marts: Any) -> None:
    assert marts.row("plentific__unterobjekte_vermieter", "P309") == {
        "external_id": "P309",
        "unterobjekte_external_ids": ["002/77/0001"],
        "first_name": None,
        "last_name": "Grund und Giebel GmbH",
        "company_name": "Grund und Giebel GmbH",
        "email": "giebel@example.org",
        "phone": "+4915127700117",
        "is_active": True,
    }


def test_what_is_held_or_gone_says_all_that_the_plan_asks(marts: Any) -> None:
    slash, no_mail = "a number contains the separator /", "no valid e-mail address: xxxxx"
    unit, tenant, flat = "001/00/9/01/0001", "001/0007/01/0001/01/P101", "002/0001/01/0001"
    assert marts.held("plentific", unit, tenant, "P/9") == [
        ("unterobjekte", unit, "I5", "verwaltungseinheit", slash, False, None, True, None, None),
        ("unterobjekte_mieter", tenant, "E5", "kontaktweg", no_mail, False, None, True, None, "P101"),
        # An owner has one record for all units: a unit that is in doubt is held in it.
        ("unterobjekte_vermieter", "P/9", "I5", "eigentuemer", slash, False, flat, False, None, "P/9"),
    ]
    assert marts.departures("plentific", unit, "001/0007/01/0001/01/P102") == [
        ("unterobjekte", unit, False, None, None),
        ("unterobjekte_mieter", "001/0007/01/0001/01/P102", False, date(2021, 5, 1), date(2099, 12, 30)),
    ]
