"""C2 and C3: dates, time stamps, decimals, whole numbers, booleans."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

Evaluate = Callable[..., list[Any]]

DATES = {
    "2026-01-31": date(2026, 1, 31),
    "31.01.2026": date(2026, 1, 31),
    "20260131": date(2026, 1, 31),
    "2024-02-29": date(2024, 2, 29),
    "29.02.2024": date(2024, 2, 29),
    "0999-12-31": date(999, 12, 31),
    "9999-12-30": date(9999, 12, 30),
    "00000000": None,
    "9999-12-31": None,
    "31.12.9999": None,
    "99991231": None,
    "30.02.2026": None,
    "29.02.2026": None,
    "2026-02-30": None,
    "20260230": None,
    "31.01.26": None,
    "310126": None,
    "1.2.2026": date(2026, 2, 1),
    "31.1.2026": date(2026, 1, 31),
    "1.12.2026": date(2026, 12, 1),
    "2026-1-31": None,
    "2026/01/31": None,
    "01/31/2026": None,
    # a time: the day counts
    "2026-01-31 00:00:00": date(2026, 1, 31),
    "31.12.2025 00:00:00": date(2025, 12, 31),
    "2025-12-31T00:00:00": date(2025, 12, 31),
    "2025-12-31T00:00:00.000": date(2025, 12, 31),
    "31.12.2025 0:00": date(2025, 12, 31),
    "1.1.2026  00:00:00": date(2026, 1, 1),
    "20251231000000": date(2025, 12, 31),
    "20251231T000000": date(2025, 12, 31),
    "20251231 00:00": date(2025, 12, 31),
    "31.12.2025 23:59:59": date(2025, 12, 31),
    "2025-12-31 12:30": date(2025, 12, 31),
    "31.12.2025 24:00:00": None,
    "31.12.2025 12:00 AM": None,
    "30.02.2026 00:00:00": None,
    # a zone: the day in Berlin
    "2025-12-31T00:00:00+01:00": date(2025, 12, 31),
    "2025-12-30T23:00:00Z": date(2025, 12, 31),
    "2025-12-30T22:59:59Z": date(2025, 12, 30),
    "2025-06-29T22:00:00.000Z": date(2025, 6, 30),
    "2025-06-29T21:59:59Z": date(2025, 6, 29),
    "2025-12-31T23:30:00Z": date(2026, 1, 1),
    "2025-12-30 23:00:00 +0000": date(2025, 12, 31),
    "2025-12-30 23:00+00": date(2025, 12, 31),
    "2025-12-31T00:00:00+02:00": date(2025, 12, 30),
    "30.12.2025 23:00:00Z": date(2025, 12, 31),
    "20251230T230000Z": date(2025, 12, 31),
    "2025-12-31T00:00:00+99:00": None,
    "2025-12-31Z": None,
    # no date, in every form
    "0001-01-01": None,
    "01.01.0001": None,
    "0001-01-01T00:00:00Z": None,
    "1.1.1753": None,
    "1753-01-01": None,
    "01.01.1753 00:00:00": None,
    "17530101": None,
    "1752-12-31T23:00:00Z": None,
    "1899-12-30T00:00:00": None,
    "30.12.1899": None,
    "1900-01-01": None,
    "01.01.1900 00:00": None,
    "9999-12-31T23:59:59Z": None,
    "9999-12-30T23:00:00Z": None,
    "31.12.9999 00:00:00": None,
    "1899-12-31": date(1899, 12, 31),
    "1900-01-02": date(1900, 1, 2),
    "1753-01-02": date(1753, 1, 2),
    "0026-01-31": None,
    "0000-01-01": None,
    "0000-00-00": None,
    "epoch": None,
    "infinity": None,
    "-123-01-02": None,
    "demnächst": None,
    "²0260131": None,
}

STAMPS = {
    "2026-01-31": datetime(2026, 1, 31),
    "31.01.2026": datetime(2026, 1, 31),
    "20260131": datetime(2026, 1, 31),
    "2026-01-31 14:05": datetime(2026, 1, 31, 14, 5),
    "2026-01-31T14:05:06": datetime(2026, 1, 31, 14, 5, 6),
    "2026-01-31T14:05:06.789": datetime(2026, 1, 31, 14, 5, 6, 789000),
    "2026-01-31T14:05:06.123456789": datetime(2026, 1, 31, 14, 5, 6, 123456),
    "2026-01-31T14:05:06Z": datetime(2026, 1, 31, 15, 5, 6),
    "2026-01-31T14:05:06+02:00": datetime(2026, 1, 31, 13, 5, 6),
    "2026-07-31T14:05:06Z": datetime(2026, 7, 31, 16, 5, 6),
    "31.1.2026 14:05": datetime(2026, 1, 31, 14, 5),
    "1900-01-01 00:00": None,
    "0001-01-01T00:00:00": None,
    "31.01.2026 23:59:58": datetime(2026, 1, 31, 23, 59, 58),
    "20260131 14:05": datetime(2026, 1, 31, 14, 5),
    "20260131140506": datetime(2026, 1, 31, 14, 5, 6),
    "20260131T140506": datetime(2026, 1, 31, 14, 5, 6),
    "00000000": None,
    "00000000000000": None,
    "9999-12-31T23:59:59": None,
    "31.12.9999 00:00": None,
    "30.02.2026 10:00": None,
    "2026-01-31 25:00": None,
    "2026-01-31 10": None,
    "31.01.26 10:00": None,
    "0000-01-01 10:00": None,
    "heute": None,
}

DECIMALS = {
    "1.234,56": Decimal("1234.56"),
    "1234,56": Decimal("1234.56"),
    "1234.56": Decimal("1234.56"),
    "3 1/2": Decimal("3.50"),
    "2 3/4": Decimal("2.75"),
    "1.234.567,8": Decimal("1234567.80"),
    "1.234.567": Decimal("1234567.00"),
    "1.234": Decimal("1.23"),
    "3,5": Decimal("3.50"),
    "-12,50": Decimal("-12.50"),
    "+7": Decimal("7.00"),
    "007": Decimal("7.00"),
    "0,005": Decimal("0.01"),
    "9999999999,99": Decimal("9999999999.99"),
    "99999999999": None,
    "1/2": None,
    "3 1/0": None,
    "1,234.56": None,
    "12.34,5": None,
    "1.23E+10": None,
    "1e3": None,
    "1_000": None,
    ",5": None,
    "5,": None,
    "12,50 €": Decimal("12.50"),
    "€ 1.234,56": Decimal("1234.56"),
    "1234.56 EUR": Decimal("1234.56"),
    "EUR 7": Decimal("7.00"),
    "12,50 Euro": Decimal("12.50"),
    "12,50€": Decimal("12.50"),
    "-12,50 eur": Decimal("-12.50"),
    "-€ 12,50": Decimal("-12.50"),
    "12,50-": Decimal("-12.50"),
    "50,00- EUR": Decimal("-50.00"),
    "€ 1.050,00-": Decimal("-1050.00"),
    "50-": Decimal("-50.00"),
    "−12,50": Decimal("-12.50"),
    "-12,50-": None,
    "12,50 m²": None,
    "€": None,
    "Eurocent 5": None,
    "500,- €": None,
    "1 234,56": None,
    "NaN": None,
    "²": None,
    "3½": None,
}

INTEGERS = {
    "4": 4,
    "004": 4,
    "-1": -1,
    "4,0": 4,
    "4.00": 4,
    "4,5": None,
    "4 Stk": None,
    "1.234": None,
    "1e3": None,
    "2147483647": 2147483647,
    "2147483648": None,
    "99999999999": None,
    "99999999999999999999": None,
}

BOOLEANS = {
    **dict.fromkeys(
        ["true", "TRUE", "wahr", "WAHR", "ja", "Ja", "yes", "J", "j", "Y", "X", "x", "1", "-1"], True
    ),
    **dict.fromkeys(["false", "False", "falsch", "FALSCH", "nein", "no", "NEIN", "N", "n", "0"], False),
    **dict.fromkeys(["2", "?", "vielleicht", "-", "on", None]),
}


@pytest.mark.parametrize(
    ("template", "vectors"),
    [
        ("{{ datum('wert') }}", DATES),
        ("{{ zeitstempel('wert') }}", STAMPS),
        ("{{ dezimalzahl('wert') }}", DECIMALS),
        ("{{ ganzzahl('wert') }}", INTEGERS),
        ("{{ wahrheitswert('wert') }}", BOOLEANS),
    ],
    ids=["datum", "zeitstempel", "dezimalzahl", "ganzzahl", "wahrheitswert"],
)
def test_a_text_is_read_by_its_form_or_not_at_all(
    evaluate: Evaluate, template: str, vectors: dict[str | None, Any]
) -> None:
    assert dict(zip(vectors, evaluate(template, list(vectors)), strict=True)) == vectors


def test_the_scale_of_a_decimal_can_be_chosen(evaluate: Evaluate) -> None:
    found = evaluate("{{ dezimalzahl('wert', '3, 1') }}", ["3,5", "3 1/2", "99,9", "100", None])

    assert found == [Decimal("3.5"), Decimal("3.5"), Decimal("99.9"), None, None]


YEARS = {
    "1978": 1978,
    "1978.0": 1978,
    "1978,0": 1978,
    "1978,00": 1978,
    "01.01.1978": 1978,
    "1978-05-31": 1978,
    "19780531": 1978,
    "2999": 2999,
    "um 1900": None,
    "78": None,
    "0": None,
    "1978.5": None,
    "1.978": None,
    "1978/79": None,
    "19780": None,
    "31.02.1978": None,
    "99999999999999999999": None,
    None: None,
}


def test_a_year_is_read_in_one_way_for_all_partners(evaluate: Evaluate) -> None:
    assert dict(zip(YEARS, evaluate("{{ jahr('wert') }}", list(YEARS)), strict=True)) == YEARS


def test_a_building_of_its_own_unreadable_year_does_not_get_that_of_its_we(evaluate: Evaluate) -> None:
    rows = [("1978", 1978, 1911), (None, None, 1911), ("um 1900", None, 1911), (None, None, None)]
    own, of_we = "(select baujahr, baujahr_zahl) as g", "(select we as baujahr_zahl) as w"
    template = f"(select {{{{ baujahr_zahl('g', 'w') }}}} from {own}, {of_we})"
    columns = {"baujahr": "varchar", "baujahr_zahl": "integer", "we": "integer"}
    assert evaluate(template, rows, columns=columns) == [1978, 1911, None, None]


def test_a_sum_of_which_one_amount_is_unknown_is_unknown(evaluate: Evaluate) -> None:
    template = "(select {{ sum_of_known('a', 'true') }} from (select unnest(betraege) as a))"
    rows = [
        ([Decimal("1.50"), Decimal("2.00")],),
        ([Decimal("1.50"), None],),
        ([Decimal("9999999999.99")] * 2,),
    ]
    found = evaluate(template, rows, columns={"betraege": "decimal(12, 2)[]"})
    assert found == [Decimal("3.50"), None, None]


def test_somebody_may_be_born_in_1900(evaluate: Evaluate) -> None:
    found = evaluate(
        "{{ datum('wert', geburtsdatum=true) }}", ["1900-01-01", "01.01.1900", "1899-12-30", "01.01.0001"]
    )

    assert found == [date(1900, 1, 1), date(1900, 1, 1), None, None]


NO_DATES = [
    "00000000",
    "0000-00-00",
    "00.00.0000",
    "0000-00-00 00:00:00",
    "1753-01-01",
    "31.12.9999 00:00:00",
]
NO_DATES += [
    "9999-12-31T23:59:59Z",
    "9999-12-30T23:00:00Z",
    "0001-01-01T00:00:00Z",
    "1.1.1900",
    "30.12.1899 00:00",
]


def test_what_stands_for_no_date_is_told_from_what_nobody_can_read(evaluate: Evaluate) -> None:
    unreadable = ["31.06.2025", "45321", "31.01.26", "9999-12-31 bald", "00000001", "0000-01-01", "x"]

    assert evaluate("{{ is_no_date('wert') }}", NO_DATES) == [True] * len(NO_DATES)
    assert evaluate("{{ is_no_date('wert') }}", unreadable) == [False] * len(unreadable)


def test_another_time_zone_can_be_set_and_must_be_one(evaluate: Evaluate) -> None:
    moments = ["2025-12-31T22:30:00Z"]

    assert evaluate("{{ datum('wert') }}", moments, zeitzone="Europe/Athens") == [date(2026, 1, 1)]
    with pytest.raises(AssertionError, match="zeitzone: 'Berlin' is no time zone"):
        evaluate("{{ datum('wert') }}", moments, zeitzone="Berlin")


def test_a_number_of_bytes_may_be_larger_than_a_floor(evaluate: Evaluate) -> None:
    assert evaluate("{{ ganzzahl('wert', 'bigint') }}", ["99999999999", "99999999999999999999"]) == [
        99999999999,
        None,
    ]


def test_an_amount_in_another_currency_is_noticed(evaluate: Evaluate) -> None:
    amounts = ["500 CHF", "$ 500", "usd 5", "500 €", "500 EUR", "-500", "500,00-", None]

    assert evaluate("{{ has_foreign_currency('wert') }}", amounts) == [True, True, True, *[False] * 4, None]


NUMBERS_NOBODY_HAS = [
    "9" * 400,
    "9" * 400 + " 1/2",
    "1 1/" + "9" * 400,
    "-" * 400,
    "9" * 39,
    "1" + ".000" * 200,
    "0,",
]


def test_no_number_stops_a_build(evaluate: Evaluate) -> None:
    for template in (
        "{{ dezimalzahl('wert') }}",
        "{{ ganzzahl('wert') }}",
        "{{ datum('wert') }}",
        "{{ zeitstempel('wert') }}",
    ):
        found = evaluate(template, NUMBERS_NOBODY_HAS)
        assert [value for value in found if value not in (None, Decimal("1.00"))] == [], template
