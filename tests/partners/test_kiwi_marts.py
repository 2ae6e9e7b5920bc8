"""What KIWI gets of the small stock, every row by hand."""

from datetime import date
from typing import Any


def test_a_verwaltungseinheit_carries_the_address_of_its_gebaeude(marts: Any) -> None:
    assert marts.row("kiwi__verwaltungseinheiten", "001/0007/01/0001") == {
        "external_id": "001/0007/01/0001",
        "name": "Wohnung 1",
        "address": {
            "street": "Lindenweg 12a",
            "postal_code": "01067",
            "city": "Dresden",
            "country": "DE",
        },
        "floor": "1",
        "door_number": "0001",
    }
    assert marts.ids("kiwi__verwaltungseinheiten") == [
        "001/0007/01/0001",
        "001/0007/01/0002",
        "001/0007/02/G-1",
        "002/0001/01/0001",
        "002/77/0001",
    ]


def test_a_tenant_is_one_record_whatever_its_leases(marts: Any) -> None:
    assert marts.rows("kiwi__mieter") == [
        {"external_id": number, "first_name": first, "last_name": last, "email": email}
        for number, first, last, email in [
            ("P100", "Jördis", "Ährenfeld", "joerdis@example.org"),
            ("P102", "Erika und Max", "Muster", "paar@example.com"),
            ("P103", None, "Vierling", "vier@example.net"),
            ("P200", None, "Kiosk Nord GmbH", "kiosk@example.org"),
        ]
    ]


def test_a_lease_is_one_record_for_each_tenant(marts: Any) -> None:
    assert marts.rows("kiwi__mietvertraege") == [
        {
            "external_id": f"{unit}/{number}/{person}",
            "verwaltungseinheiten_external_id": unit,
            "mieter_external_id": person,
            "starts_at": begin,
            "ends_at": end,
        }
        for unit, number, person, begin, end in [
            ("001/0007/01/0001", "01", "P100", date(2020, 2, 1), None),
            ("001/0007/01/0001", "01", "P102", date(2021, 5, 1), date(2099, 12, 30)),
            ("001/0007/01/0002", "01", "P200", date(2020, 2, 1), date(2098, 6, 30)),
            ("001/0007/01/0002", "E02", "P102", date(2020, 2, 1), None),
            ("002/0001/01/0001", "06", "P103", date(2020, 2, 1), None),
            ("002/77/0001", "01", "P100", date(2027, 1, 1), None),
        ]
    ]


def test_what_is_held_or_gone_says_all_that_the_plan_asks(marts: Any) -> None:
    slash, no_mail = "a number contains the separator /", "no valid e-mail address: xxxxx"
    conflict, lease = "001/00/9/01/0001", "001/0007/01/0001/01"
    assert marts.held("kiwi", conflict, "P101", f"{lease}/P101") == [
        ("mieter", "P101", "E5", "kontaktweg", no_mail, False, None, False, None, "P101"),
        ("mietvertraege", f"{lease}/P101", "E5", "kontaktweg", no_mail, False, None, True, None, "P101"),
        ("verwaltungseinheiten", conflict, "I5", "verwaltungseinheit", slash, False, None, True, None, None),
    ]
    assert marts.departures("kiwi", "001/0007/01/0001", f"{lease}/P102") == [
        ("mietvertraege", f"{lease}/P102", False, date(2021, 5, 1), date(2099, 12, 30)),
        ("verwaltungseinheiten", "001/0007/01/0001", False, None, None),
    ]
