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
    "1.2.2026": None,
    "2026-1-31": None,
    "2026/01/31": None,
    "01/31/2026": None,
    "2026-01-31 00:00:00": None,
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
    "2026-01-31T14:05:06Z": datetime(2026, 1, 31, 14, 5, 6),
    "2026-01-31T14:05:06+02:00": datetime(2026, 1, 31, 12, 5, 6),
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
    "12,50 €": None,
    "12,50-": None,
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
    "99999999999999999999": None,
}

BOOLEANS = {
    "true": True,
    "TRUE": True,
    "J": True,
    "j": True,
    "X": True,
    "x": True,
    "1": True,
    "false": False,
    "False": False,
    "N": False,
    "n": False,
    "0": False,
    "ja": False,
    "2": False,
    "?": False,
    None: False,
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


def test_a_sum_of_which_one_amount_is_unknown_is_unknown(evaluate: Evaluate) -> None:
    template = "(select {{ sum_of_known('a', 'true') }} from (select unnest(betraege) as a))"
    rows = [
        ([Decimal("1.50"), Decimal("2.00")],),
        ([Decimal("1.50"), None],),
        ([Decimal("9999999999.99")] * 2,),
    ]
    found = evaluate(template, rows, columns={"betraege": "decimal(12, 2)[]"})
    assert found == [Decimal("3.50"), None, None]
