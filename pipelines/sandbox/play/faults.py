"""What goes wrong on purpose: which fate a request meets. Seeded, switchable at run time, no HTTP in here."""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, Literal, cast

from pipelines.contract.contract import dig
from pipelines.sandbox.play.limiter import Quota, RequestWindows, Style
from pipelines.sandbox.play.resources import Violation
from pipelines.sandbox.play.wire import ApiError, Call, Option, PartnerAnswer

Cut = Literal["", "whole", "half"]

FAULT_OPTIONS = {
    "cut_after_rate": Option("0", "connections closed after processing", form="percent"),
    "cut_before_rate": Option("0", "connections closed before processing", form="percent"),
    "cut_during_rate": Option("0", "connections closed in the middle of the answer", form="percent"),
    "down": Option("no", "the partner answers nothing but 503, or hangs up", ("no", "503", "reset")),
    "down_seconds": Option("0", "so long after the first request that met it; 0: until switched off"),
    "error_after_rate": Option("0", "errors after processing", form="percent"),
    "error_rate": Option("0", "errors before processing", form="percent"),
    "error_status": Option("500", "status of both kinds of errors", ("500", "502", "503", "504", "408")),
    "fault_limit": Option("0", "no more faults by share than so many; 0: any number"),
    "fault_on": Option("", "faults by share only where this matches, as `POST /v1/units`", form="pattern"),
    "fault_seed": Option("0", "same seed and same requests, same faults; setting it starts anew"),
    "html_rate": Option("0", "HTML pages of a gateway, 502, before processing", form="percent"),
    "jitter_ms": Option("0", "up to so much is added to the latency"),
    "late_ms": Option("1000", "how long after its 504 a late request is processed"),
    "late_rate": Option("0", "answers 504 at once, and processing all the same, but late", form="percent"),
    "limit_headers": Option(
        "no", "X-RateLimit-…; the reset in seconds or as a moment", ("no", "seconds", "epoch")
    ),
    "limit_window": Option("sliding", "how the two limits count", ("sliding", "fixed")),
    "per_minute": Option("0", "more requests in a minute are answered with 429; 0: any number"),
    "per_second": Option("0", "more requests in a second are answered with 429; 0: any number"),
    "reject_field": Option("", "dotted name of the field that is looked at; empty: the external id"),
    "reject_pattern": Option("", "records where this matches are refused", form="pattern"),
    "retry_after": Option("1", "seconds that throttled requests are asked to wait"),
    "retry_after_form": Option("seconds", "form of Retry-After on a 429", ("seconds", "date", "none")),
    "slow_ms": Option("2000", "what a slow answer takes longer"),
    "slow_rate": Option("0", "slow answers", form="percent"),
    "throttle_rate": Option("0", "answers 429, whatever the limits", form="percent"),
}
HTML = PartnerAnswer(
    502,
    b"<!doctype html><html><head><title>502 Bad Gateway</title></head>"
    b"<body><h1>502 Bad Gateway</h1></body></html>\n",
    {"content-type": "text/html; charset=utf-8"},
)
UNAVAILABLE = "The service is not available."


@dataclass(frozen=True)
class Fate:
    """What happens to one request beside its proper answer.

    `processed`: the partner does what is asked. `error` or `answer` go back instead of what it says; `cut`
    ends the connection in their place. `delay` is in seconds from its arrival; `retry_at` in epoch seconds; `late`:
    so many seconds after the answer the request is processed all the same.
    """

    fault: str = ""
    processed: bool = True
    error: ApiError | None = None
    answer: PartnerAnswer | None = None
    cut: Cut = ""
    delay: float = 0.0
    retry_at: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    late: float = 0.0


CALM = Fate()


class Faults:
    """The faults of one partner. `settings` are its options, which may change at any time."""

    def __init__(self, settings: Mapping[str, str]):
        self._settings = settings
        self._limiter = RequestWindows()
        self._seen: Counter[bytes] = Counter()
        self._dealt = 0
        self._down_since: float | None = None

    def option_changed(self, name: str) -> None:
        """Begins to count anew where that depends on the option."""
        if name in ("fault_seed", "fault_limit"):
            self._seen.clear()
            self._dealt = 0
        if name in ("down", "down_seconds"):
            self._down_since = None

    def fate(self, call: Call, identity: Callable[[Call], str], in_flight: int, now: float) -> Fate:
        """The fate of a request; `identity` says which request it is, whatever ids the partner has given."""
        found = self._down(now) or self._full(in_flight, now)
        headers: dict[str, str] = {}
        if not found:
            wait, quota = self._limiter.admit(
                self._limits(), cast(Style, self._settings["limit_window"]), now
            )
            headers = self._quota_headers(quota, now)
            found = self._throttled("limit", wait, now) if wait else None
        chance = self._chance(call, identity)
        found = found or self._drawn(call, chance, now) or CALM
        return Fate(
            found.fault or ("slow" if self._is_slow(call, chance) else ""),
            found.processed,
            found.error,
            found.answer,
            found.cut,
            self._delay(call, chance),
            found.retry_at,
            headers,
            found.late,
        )

    # ---- what all requests meet

    def _down(self, now: float) -> Fate | None:
        if self._settings["down"] == "no":
            return None
        self._down_since = now if self._down_since is None else self._down_since
        left = self._down_since + self._number("down_seconds") - now
        if self._number("down_seconds") and left <= 0:
            return None
        if self._settings["down"] == "reset":
            return Fate("down", processed=False, cut="whole")
        headers = {"retry-after": str(math.ceil(left))} if left > 0 else {}
        error = ApiError(503, "unavailable", UNAVAILABLE, headers=headers)
        return Fate(
            "down", processed=False, error=error, retry_at=now + math.ceil(left) if left > 0 else None
        )

    def _full(self, in_flight: int, now: float) -> Fate | None:
        cap = self._number("in_flight")
        return self._throttled("in_flight", 1, now) if cap and in_flight > cap else None

    def _throttled(self, fault: str, wait: float, now: float) -> Fate:
        form = self._settings["retry_after_form"]
        # Both forms are whole seconds; rounded up, so that the wait is long enough.
        until = math.ceil(now + wait) if form == "date" else now + math.ceil(wait)
        texts = {"seconds": str(math.ceil(wait)), "date": formatdate(until, usegmt=True)}
        headers = {"retry-after": texts[form]} if form in texts else {}
        error = ApiError(429, "too_many_requests", "Too many requests.", headers=headers)
        return Fate(fault, processed=False, error=error, retry_at=until if headers else None)

    def _limits(self) -> dict[int, int]:
        limits = {1: self._number("per_second"), 60: self._number("per_minute")}
        return {length: limit for length, limit in limits.items() if limit}

    def _quota_headers(self, quota: Quota | None, now: float) -> dict[str, str]:
        form = self._settings["limit_headers"]
        if quota is None or form == "no":
            return {}
        return {
            "x-ratelimit-limit": str(quota.limit),
            "x-ratelimit-remaining": str(quota.remaining),
            "x-ratelimit-reset": str(math.ceil(quota.reset if form == "seconds" else now + quota.reset)),
        }

    # ---- what a share of the requests meets

    def _drawn(self, call: Call, chance: Callable[[str], float], now: float) -> Fate | None:
        most = self._number("fault_limit")
        if not self._concerns(call) or (most and self._dealt >= most):
            return None
        drawn = chance("fault")
        for name, make in self._shares(now):
            drawn -= self._percent(name)
            if drawn < 0:
                self._dealt += 1
                return make()
        return None

    def _shares(self, now: float) -> Iterator[tuple[str, Callable[[], Fate]]]:
        error = ApiError(int(self._settings["error_status"]), "internal_error", "Something went wrong.")
        yield "error_rate", lambda: Fate("error", processed=False, error=error)
        yield "error_after_rate", lambda: Fate("error_after", error=error)
        timeout = ApiError(504, "gateway_timeout", "The service did not answer in time.")
        late = self._number("late_ms") / 1000
        yield "late_rate", lambda: Fate("late", processed=False, error=timeout, late=late)
        yield "html_rate", lambda: Fate("html", processed=False, answer=HTML)
        yield "throttle_rate", lambda: self._throttled("throttle", self._number("retry_after"), now)
        yield "cut_before_rate", lambda: Fate("cut_before", processed=False, cut="whole")
        yield "cut_during_rate", lambda: Fate("cut_during", cut="half")
        yield "cut_after_rate", lambda: Fate("cut_after", cut="whole")

    def _is_slow(self, call: Call, chance: Callable[[str], float]) -> bool:
        share = self._percent("slow_rate")
        return share > 0 and self._concerns(call) and chance("slow") < share

    def _delay(self, call: Call, chance: Callable[[str], float]) -> float:
        milliseconds = float(self._number("latency_ms"))
        if self._number("jitter_ms"):
            milliseconds += chance("jitter") / 100 * self._number("jitter_ms")
        if self._is_slow(call, chance):
            milliseconds += self._number("slow_ms")
        return milliseconds / 1000

    def _concerns(self, call: Call) -> bool:
        wanted = self._settings["fault_on"]
        return not wanted or re.search(wanted, f"{call.method} {call.path}") is not None

    def _chance(self, call: Call, identity: Callable[[Call], str]) -> Callable[[str], float]:
        """Numbers in [0, 100) that depend on the seed, the request and how often it has come; by name."""
        if not any(self._percent(name) for name in SHARES) and not self._number("jitter_ms"):
            return lambda name: 100.0
        request = hashlib.sha256(identity(call).encode()).digest()
        self._seen[request] += 1
        head = f"{self._settings['fault_seed']} {request.hex()} {self._seen[request]}"
        return lambda name: _number_of(f"{head} {name}")

    def _number(self, name: str) -> int:
        return int(self._settings[name])

    def _percent(self, name: str) -> float:
        return float(self._settings[name])


SHARES = [name for name in FAULT_OPTIONS if name.endswith("_rate")]


def rejected(
    settings: Mapping[str, str], external_ids: Iterable[str], body: Mapping[str, Any], external_id: str | None
) -> Iterator[Violation]:
    """What `reject_pattern` has against a record; `external_id` is the name of the field that carries our id."""
    pattern, name = settings["reject_pattern"], settings["reject_field"]
    if not pattern:
        return
    value = dig(body, name) if name else None
    values = external_ids if not name else [] if value is None else [str(value)]
    if any(re.search(pattern, text) for text in values):
        yield Violation(name or external_id or "", "is not accepted", "rejected")


def _number_of(text: str) -> float:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2**64 * 100
