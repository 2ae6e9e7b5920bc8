"""Days at facilioo are days in Germany: the offset of Berlin's time, also on the days on which the clocks change."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.plan.moments import as_end

Evaluate = Callable[..., list[Any]]

BERLIN = {"format": "date-time", "x-time-zone": "Europe/Berlin"}
DAYS = {
    date(2026, 12, 31): ("2026-12-31T00:00:00+01:00", "2026-12-31T23:59:59+01:00"),
    date(2026, 7, 1): ("2026-07-01T00:00:00+02:00", "2026-07-01T23:59:59+02:00"),
    date(2026, 3, 28): ("2026-03-28T00:00:00+01:00", "2026-03-28T23:59:59+01:00"),
    date(2026, 3, 29): ("2026-03-29T00:00:00+01:00", "2026-03-29T23:59:59+02:00"),
    date(2026, 3, 30): ("2026-03-30T00:00:00+02:00", "2026-03-30T23:59:59+02:00"),
    date(2026, 10, 24): ("2026-10-24T00:00:00+02:00", "2026-10-24T23:59:59+02:00"),
    date(2026, 10, 25): ("2026-10-25T00:00:00+02:00", "2026-10-25T23:59:59+01:00"),
    date(2026, 10, 26): ("2026-10-26T00:00:00+01:00", "2026-10-26T23:59:59+01:00"),
    date(2024, 3, 31): ("2024-03-31T00:00:00+01:00", "2024-03-31T23:59:59+02:00"),
    date(2021, 10, 31): ("2021-10-31T00:00:00+02:00", "2021-10-31T23:59:59+01:00"),
    date(1985, 10, 1): ("1985-10-01T00:00:00+01:00", "1985-10-01T23:59:59+01:00"),
    date(1975, 7, 1): ("1975-07-01T00:00:00+01:00", "1975-07-01T23:59:59+01:00"),
}


def test_a_contract_begins_and_ends_with_a_day_in_germany(evaluate: Evaluate) -> None:
    columns = {"tag": "date"}
    begins = evaluate("{{ facilioo_beginn('tag') }}", list(DAYS), columns=columns)
    ends = evaluate("{{ facilioo_ende('tag') }}", list(DAYS), columns=columns)
    assert dict(zip(DAYS, zip(begins, ends, strict=True), strict=True)) == DAYS
    assert evaluate("{{ facilioo_ende('tag') }}", [None], columns=columns) == [None]


def test_the_offset_is_that_of_the_time_zone_data_on_every_day(evaluate: Evaluate) -> None:
    days = [date(1950, 1, 1) + timedelta(days=n) for n in range(0, 55_000)]
    zone = ZoneInfo("Europe/Berlin")
    wrong = [
        day
        for day, text in zip(days, _all(evaluate, len(days)), strict=True)
        if text != datetime.combine(day, time(), zone).isoformat() + as_end(day, BERLIN)
    ]
    assert wrong == []


def test_an_end_that_the_push_sets_is_written_like_those_of_the_mart() -> None:
    assert {day: as_end(day, BERLIN) for day in DAYS} == {day: end for day, (_, end) in DAYS.items()}
    assert as_end(date(2026, 7, 1), {"format": "date-time"}) == "2026-07-01T23:59:59Z"
    assert as_end(date(2026, 7, 1), {"format": "date"}) == "2026-07-01"


def _all(evaluate: Evaluate, number: int) -> list[str]:
    """Begin and end of so many days, one after the other, in one row."""
    template = (
        "(select list({{ facilioo_beginn('d.tag') }} || {{ facilioo_ende('d.tag') }} order by d.tag)"
        " from (select unnest(range(date '1950-01-01', date '1950-01-01' + anzahl, interval 1 day))::date as tag) as d)"
    )
    [found] = evaluate(template, [number], columns={"anzahl": "integer"})
    return list(found)
