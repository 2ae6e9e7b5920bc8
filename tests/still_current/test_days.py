"""The first day on which a verdict may change though the delivery is the same."""

from datetime import date
from typing import Any

import duckdb
import pytest

from pipelines.settings import Vars
from pipelines.still_current.days import first_change

DAY = date(2026, 2, 24)


def changes_on(value: str, day: date = DAY, **partner: Any) -> date:
    settings = Vars(
        stichtag=day,
        quelle_erp="wodis_sigma",
        partners={"aktivbo": {"aktiv": True, **partner}} if partner else {},
    )
    with duckdb.connect() as db:
        db.execute("create schema intermediate; create schema erp_raw")
        db.execute(f"create table intermediate.leases as select {value} as ende, 'text' as name")
        # Text is no date, and the raw layer is not looked at.
        db.execute(
            "create table erp_raw.mietvertrag as select '2026-02-25' as mietende, date '2026-02-25' as other"
        )
        return first_change(db, settings)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # Today: `ende < stichtag` holds from tomorrow on.
        ("date '2026-02-24'", date(2026, 2, 25)),
        # Yesterday: as `<=` and `<` see it, all is said; the day after is for time stamps.
        ("date '2026-02-23'", date(2027, 1, 1)),
        # A begin in some days: it may be seen the day before, from a time stamp near midnight.
        ("date '2026-03-10'", date(2026, 3, 9)),
        ("timestamp '2026-03-10 23:59:59'", date(2026, 3, 9)),
        ("timestamptz '2026-03-10 12:00:00+00'", date(2026, 3, 9)),
        ("date '2028-02-29'", date(2027, 1, 1)),
        ("date '9999-12-31'", date(2027, 1, 1)),
        ("date '0001-01-01'", date(2027, 1, 1)),
        ("date 'infinity'", date(2027, 1, 1)),
        ("date '-infinity'", date(2027, 1, 1)),
        ("null::date", date(2027, 1, 1)),
    ],
)
def test_a_verdict_changes_on_the_dates_of_the_data_or_at_new_year(value: str, expected: date) -> None:
    assert changes_on(value) == expected


def test_a_setting_of_days_moves_the_dates() -> None:
    # 90 days after 2025-12-01 is 2026-03-01.
    assert changes_on("date '2025-12-01'") == date(2027, 1, 1)
    assert changes_on("date '2025-12-01'", tage_nach_ende=90) == date(2026, 2, 28)
    assert changes_on("date '2025-12-01'", mandanten="alle") == date(2026, 2, 28)  # 90 is the default


def test_a_leap_day_and_the_turn_of_the_year_are_days_like_others() -> None:
    assert changes_on("date '2028-02-29'", date(2028, 2, 28)) == date(2028, 2, 29)
    assert changes_on("date '2027-01-01'", date(2026, 12, 31)) == date(2027, 1, 1)
