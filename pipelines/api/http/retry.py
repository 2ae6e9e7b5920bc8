"""What an answer means for the next request: whether it failed, how long the partner asks to wait, what it has left.

Pure functions; times are in seconds, moments in UTC.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

TRIES = 5
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 60.0
# Larger numbers in these headers are moments since 1970, not seconds from now.
EPOCH = 1_000_000_000
ALLOWANCE_PREFIXES = ("X-RateLimit-", "RateLimit-", "X-Rate-Limit-")
# Some partners count over several windows at once, each with a header of its own and without a reset.
WINDOWS = {"Day": 86_400, "Hour": 3600, "Minute": 60, "Second": 1}
# What a header may sensibly ask for (seconds): a longer wait is as good as this one.
A_YEAR = 366 * 86_400.0
NUMBER = re.compile(r"\s*[+-]?\d{1,15}(\.\d{1,15})?\s*", re.ASCII)


@dataclass(frozen=True)
class Allowance:
    """What the partner says it still takes: `remaining` requests, for `reset` seconds from now."""

    remaining: int
    reset: float


def pause_before(attempt: int, luck: float) -> float:
    """Seconds before the next try: doubled each time, at most a minute, jittered by `luck` in [0, 1)."""
    return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt) * (0.5 + luck / 2))


def is_transient(status: int | None) -> bool:
    """Whether trying again may help: no answer, time-outs, throttling, any failure of the server."""
    return status is None or status in (408, 425, 429) or status >= 500


def may_have_arrived(status: int | None, problem: str | None) -> bool:
    """Whether the partner may have processed a request that ended like this."""
    if status is None or problem is not None:
        return problem not in ("refused", "dns", "untrusted")
    return status == 408 or status >= 500


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that `Retry-After` asks to wait, given as seconds or as a date; None without a readable one."""
    value = headers.get("Retry-After")
    if not value:
        return None
    seconds = _from_now(value, headers, now)
    if seconds is not None:
        return seconds
    when = _moment(value)
    if when is None:
        return None
    ahead = (when - _server_time(headers, now)).total_seconds()
    # A date names a whole second, which is over only at its end.
    return min(max(0.0, ahead + 1), A_YEAR)


def allowance(headers: Mapping[str, str], now: datetime) -> Allowance | None:
    """What `X-RateLimit-*` or `RateLimit-*` say is left; None without both a remaining number and a reset.

    Of several windows (`X-RateLimit-Remaining-Hour`) the one with the least left counts; it is taken to end with the
    partner's clock hour, as gateways count.
    """
    for prefix in ALLOWANCE_PREFIXES:
        remaining = _number(headers.get(prefix + "Remaining"))
        reset = _from_now(headers.get(prefix + "Reset"), headers, now)
        if remaining is not None and reset is not None:
            return Allowance(max(0, int(remaining)), reset)
        counted = {unit: _number(headers.get(f"{prefix}Remaining-{unit}")) for unit in WINDOWS}
        left = {unit: number for unit, number in counted.items() if number is not None}
        if left:
            # The longest of those that are equally used up: nothing goes before it is over.
            unit = min(left, key=lambda name: max(0.0, left[name]))
            into = _server_time(headers, now).timestamp() % WINDOWS[unit]
            return Allowance(max(0, int(left[unit])), WINDOWS[unit] - into)
    return None


def _from_now(value: str | None, headers: Mapping[str, str], now: datetime) -> float | None:
    number = _number(value)
    if number is None:
        return None
    if number > EPOCH:
        number -= _server_time(headers, now).timestamp()
    return min(max(0.0, number), A_YEAR)


def _server_time(headers: Mapping[str, str], now: datetime) -> datetime:
    """The partner's own clock where it tells the time, so that a wrong clock here does not cut a wait short."""
    return _moment(headers.get("Date")) or now


def _moment(value: str | None) -> datetime | None:
    try:
        when = parsedate_to_datetime(value or "")
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _number(value: str | None) -> float | None:
    """A plain decimal number; a header may hold anything."""
    return float(value) if value and NUMBER.fullmatch(value) else None
