"""The state of a lease at the key date; every end is inclusive."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pipelines.errors import SettingsError
from pipelines.settings import today
from pipelines.still_current.statements import KEY_DATE

Evaluate = Callable[..., list[Any]]
RenderSql = Callable[..., str]

COLUMNS = {"beginn": "date", "ende": "date", "zum": "date", "erp": "varchar"}
RULE = "{{ vertragsstatus('beginn', 'ende', 'zum', 'erp') }}"


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


LEASES = [
    # mietbeginn, ende, kuendigung_zum, status_erp
    ("2020-01-01", None, None, None, "aktiv"),
    ("2020-01-01", "2026-03-15", None, None, "aktiv"),
    ("2020-01-01", "2026-03-14", None, None, "beendet"),
    ("2026-03-15", None, None, None, "aktiv"),
    ("2026-03-16", None, None, None, "zukuenftig"),
    ("2026-03-16", "2026-03-20", "2026-03-20", None, "zukuenftig"),
    ("2020-01-01", "2026-03-15", "2026-03-15", None, "gekuendigt"),
    ("2020-01-01", "2026-03-14", "2026-03-14", None, "beendet"),
    ("2020-01-01", "2026-05-31", "2026-04-30", "laufend", "gekuendigt"),
    ("2020-01-01", "2019-12-31", None, None, "storniert"),
    ("2020-01-01", "2020-01-01", None, None, "beendet"),
    ("2027-01-01", "2026-12-31", None, None, "storniert"),
    ("2020-01-01", None, None, "Storniert", "storniert"),
    ("2020-01-01", None, None, "STORNIERT", "storniert"),
    ("2020-01-01", None, None, "storniert am", "aktiv"),
    (None, None, None, None, None),
    (None, "2026-05-31", None, "storniert", None),
]


def test_a_lease_has_the_state_of_the_key_date(evaluate: Evaluate) -> None:
    rows = [(day(a), day(b), day(c), erp) for a, b, c, erp, _ in LEASES]

    found = evaluate(RULE, rows, columns=COLUMNS, stichtag="2026-03-15")

    assert found == [state for *_, state in LEASES]


def test_the_key_date_is_today_unless_set(render_sql: RenderSql) -> None:
    for zone in (
        None,
        "Pacific/Kiritimati",
        "Etc/GMT+12",
    ):  # the last two are 26 hours apart: never the same day
        today = datetime.now(ZoneInfo(zone or "Europe/Berlin")).date()
        given = {"zeitzone": zone} if zone else {}
        assert render_sql("{{ stichtag() }}", **given) == KEY_DATE.format(today)
    assert render_sql("{{ stichtag() }}", stichtag="2024-02-29") == KEY_DATE.format("2024-02-29")


def test_the_day_of_a_run_is_that_of_berlin_whatever_the_machine_says() -> None:
    assert today(None, datetime(2026, 11, 28, 23, 30, tzinfo=UTC)) == date(2026, 11, 29)
    assert today("Europe/Berlin", datetime(2026, 7, 1, 21, 59, tzinfo=UTC)) == date(2026, 7, 1)
    for wrong in ("Berlin", "../etc/passwd", "Europe", 5):
        with pytest.raises(SettingsError, match=r"zeitzone: .* is no time zone"):
            today(wrong)


@pytest.mark.parametrize("wrong", ["2026-02-30", "31.01.2026", "2026-1-31", "heute"])
def test_a_wrong_key_date_is_refused_with_what_is_allowed(render_sql: RenderSql, wrong: str) -> None:
    with pytest.raises(
        AssertionError, match=f"stichtag: '{wrong}' is no date; allowed is YYYY-MM-DD or null"
    ):
        render_sql("{{ stichtag() }}", stichtag=wrong)


def test_an_unknown_erp_is_refused_with_the_known_ones(render_sql: RenderSql) -> None:
    with pytest.raises(AssertionError, match=r"quelle_erp: 'wodis' is unknown; allowed: wodis_sigma, .*"):
        render_sql("{{ quelle_erp() }}", quelle_erp="wodis")
