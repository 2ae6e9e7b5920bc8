"""What answers mean: how long to wait, whether to try again, whether a request may have arrived."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from pipelines.api.http.client import pause_before
from pipelines.api.http.retry import Allowance, allowance, is_transient, may_have_arrived, retry_after

NOON = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


def headers(**named: str) -> CaseInsensitiveDict[str]:
    return CaseInsensitiveDict({name.replace("_", "-"): value for name, value in named.items()})


def test_pauses_double_and_stay_below_a_minute() -> None:
    assert [pause_before(attempt, luck=1.0) for attempt in range(9)] == [0.5, 1, 2, 4, 8, 16, 32, 60, 60]


def test_luck_takes_away_at_most_half_of_a_pause() -> None:
    assert pause_before(3, luck=0.0) == 2.0


def test_retry_after_is_read_as_seconds() -> None:
    assert retry_after(headers(retry_after="17"), NOON) == 17
    assert retry_after(headers(retry_after="0.25"), NOON) == 0.25
    assert retry_after(headers(retry_after="-3"), NOON) == 0


def test_retry_after_as_a_date_is_over_at_the_end_of_the_second_it_names() -> None:
    assert retry_after(headers(retry_after="Sat, 21 Nov 2026 12:01:30 GMT"), NOON) == 91
    assert retry_after(headers(retry_after="Sat, 21 Nov 2026 11:00:00 GMT"), NOON) == 0


def test_a_date_counts_from_the_partners_clock_where_ours_goes_wrong() -> None:
    sent = headers(retry_after="Sat, 21 Nov 2026 12:09:30 GMT", date="Sat, 21 Nov 2026 12:09:00 GMT")
    assert retry_after(sent, NOON) == 31


def test_a_date_that_has_passed_by_our_clock_alone_is_waited_for() -> None:
    sent = headers(retry_after="Sat, 21 Nov 2026 11:50:30 GMT", date="Sat, 21 Nov 2026 11:50:00 GMT")
    assert retry_after(sent, NOON) == 31


@pytest.mark.parametrize("value", ["soon", "", "nan", "inf", "Sat, 99 Nov"])
def test_a_retry_after_that_cannot_be_read_is_as_good_as_none(value: str) -> None:
    assert retry_after(headers(retry_after=value), NOON) is None


@pytest.mark.parametrize("prefix", ["X-RateLimit", "RateLimit", "X-Rate-Limit"])
def test_the_allowance_is_read_with_a_reset_in_seconds(prefix: str) -> None:
    sent = CaseInsensitiveDict(
        {f"{prefix}-Limit": "300", f"{prefix}-Remaining": "7", f"{prefix}-Reset": "42"}
    )
    assert allowance(sent, NOON) == Allowance(7, 42)


def test_the_allowance_is_read_with_a_reset_as_a_moment() -> None:
    sent = headers(x_ratelimit_remaining="0", x_ratelimit_reset=str(int(NOON.timestamp()) + 90))
    assert allowance(sent, NOON) == Allowance(0, 90)


def test_half_an_allowance_is_none() -> None:
    assert allowance(headers(x_ratelimit_remaining="5"), NOON) is None
    assert allowance(headers(x_ratelimit_remaining="many", x_ratelimit_reset="9"), NOON) is None


def test_only_failures_that_may_pass_are_tried_again() -> None:
    again = [None, 408, 425, 429, 500, 502, 503, 504, 520]
    final = [200, 204, 301, 302, 400, 401, 403, 404, 405, 409, 410, 413, 422]
    assert [is_transient(status) for status in again + final] == [True] * 9 + [False] * 13


def test_a_request_may_have_arrived_unless_the_connection_was_never_made_or_it_was_turned_away() -> None:
    assert may_have_arrived(None, "broken")
    assert may_have_arrived(None, "timeout")
    assert may_have_arrived(None, "html")
    assert may_have_arrived(500, None)
    assert not may_have_arrived(None, "refused")
    assert not may_have_arrived(None, "untrusted")
    assert not may_have_arrived(429, None)


@given(st.text(max_size=40))
def test_no_header_value_can_break_the_reading(value: str) -> None:
    wait = retry_after({"Retry-After": value}, NOON)
    assert wait is None or wait >= 0
    left = allowance({"X-RateLimit-Remaining": value, "X-RateLimit-Reset": value, "Date": value}, NOON)
    assert left is None or left.reset >= 0
