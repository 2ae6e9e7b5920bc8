"""Allowances by the day, told as a moment."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from pipelines.api.http.limiter import Limiter, PartnerStopped, Reply
from pipelines.api.http.retry import Allowance, allowance
from pipelines.contract.contract import Limits

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)


def headers(limit: int, remaining: int, reset: str) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": reset,
    }


def test_a_moment_is_read_by_the_clock_of_the_partner() -> None:
    told = {**headers(500, 0, str(int(MIDNIGHT.timestamp()))), "Date": format_datetime(NOW, usegmt=True)}
    our_clock = NOW + timedelta(hours=3)
    assert allowance(told, our_clock) == Allowance(0, 14.5 * 3600)


def test_a_day_that_is_used_up_ends_the_partner_for_this_run_instead_of_waiting_for_hours() -> None:
    limiter = Limiter(Limits())
    told = allowance(headers(500, 0, str(int(MIDNIGHT.timestamp()))), NOW)
    limiter.leave(limiter.enter(), Reply(allowance=told))
    with pytest.raises(PartnerStopped, match=r"it takes no request for another 14\.5 hours"):
        limiter.enter()
