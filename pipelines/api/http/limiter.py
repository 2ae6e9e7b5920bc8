"""When the next request to a partner may go. One limiter a partner, shared by all of its threads.

Who runs many customers at once hands in limiters that these share (`share`).
"""

import math
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from pipelines.api.http.rates import HOUR, NEVER, Budget, Count, LearnedRate, Pace, Rate, Width
from pipelines.api.http.retry import Allowance, pause_before
from pipelines.contract.contract import Limits

FAILURES_IN_A_ROW = 20
WAITS_IN_A_ROW = 20
# From here on the partner itself is in trouble, not one record: one request at a time, with pauses for all.
IN_TROUBLE = 5
TROUBLE_PAUSES = 3
# A refusal that asks for no more (seconds), with several requests under way, is laid to their number first.
SHORT_WAIT = 5.0
# Seconds after which a thread looks itself, where it is not woken: waking one for each request costs a third of a
# fast partner's pace.
LULL = 0.01


class PartnerStopped(Exception):
    """This partner gets nothing more in this run; the message says why.

    `lost` means that the request under way may have been processed all the same.
    """

    def __init__(self, why: str, lost: bool = False):
        super().__init__(why)
        self.lost = lost


@dataclass(frozen=True)
class Ticket:
    """Leave to send one request: when, as which one of this run, and as which one of those under way."""

    sent_at: float
    number: int
    rank: int


@dataclass(frozen=True)
class Reply:
    """How a request ended, as far as pace is concerned: answered, refused (429) or failed.

    `is_write`: it was to create, change or withdraw a record.
    """

    refused: bool = False
    failed: bool = False
    wait: float | None = None
    allowance: Allowance | None = None
    is_write: bool = False


class Policy:
    """Decides when the next request may go. Pure: moments are handed in, `luck` is in [0, 1)."""

    def __init__(self, limits: Limits, luck: Callable[[], float] = random.random):
        given = ((limits.per_second, 1.0), (limits.per_minute, 60.0))
        self._caps = [Pace(Rate(number, seconds)) for number, seconds in given if number]
        self._counts = [Count(limits.per_hour, HOUR), Count(limits.per_day)]
        self._learned = LearnedRate()
        self._budget = Budget()
        self._width = Width(limits.in_flight)
        self._luck = luck
        self._held_until = self._refused_at = NEVER
        self._because_of_rate = self._told_how_long = False
        self._sent = 0
        self.under_way = 0
        self.waits = 0
        self.failures = 0
        # Failed writes in a row, whatever look-ups did in between; seconds of waits that were asked for.
        self.failed_writes = 0
        self.asked = 0.0
        self._asked_until = NEVER

    def pause(self, now: float) -> float:
        """Seconds until the next request may go; infinite while one under way must come back first."""
        if self.under_way >= self._room():
            return math.inf
        dues = [cap.due for cap in self._caps]
        dues += [
            *(count.due for count in self._counts),
            self._learned.due,
            self._budget.due(now, self.under_way),
            self._held_until,
            self._width.due,
        ]
        return max(0.0, max(dues) - now)

    @property
    def crowded(self) -> bool:
        """Whether there are more threads than the partner keeps busy: the one that comes back goes on by itself."""
        return not self.waits and not self._failures and self._width.crowded

    def sent(self, now: float) -> Ticket:
        """Notes a request that goes now."""
        for cap in self._caps:
            cap.sent(now)
        for count in self._counts:
            count.sent(now)
        self._learned.sent(now)
        self._budget.sent()
        self._width.sent(now)
        self._sent += 1
        self.under_way += 1
        return Ticket(now, self._sent, self.under_way)

    def answered(self, ticket: Ticket, now: float, reply: Reply) -> None:
        """Notes how a request ended."""
        self.under_way -= 1
        if reply.wait is not None:
            self._told_to_wait(now, now + reply.wait)
            self._hold(now + reply.wait)
        if reply.failed:
            self.failed_writes += reply.is_write
            self._failed(now)
            return
        self.failures = 0
        if reply.is_write and not reply.refused:
            self.failed_writes = 0
        if reply.refused:
            self._refused(ticket, now, reply)
        else:
            self._accepted(ticket, now)
        self._budget.told(reply.allowance, now, self.under_way, reply.refused)
        if reply.allowance and math.isfinite(opens := self._budget.due(now, self.under_way)):
            self._told_to_wait(now, opens)

    def why_no_more(self, pause: float, longest_wait: float) -> str | None:
        """Why no request may go any more although nothing failed: the partner asks to wait too long; or None."""
        if longest_wait < pause < math.inf:
            return (
                f"it takes no request for another {pause / 3600:.1f} hours; given up for this run,"
                f" {_come_back(pause)}"
            )
        if self.asked > longest_wait and pause < math.inf:
            return (
                f"it asked to wait for {self.asked / 3600:.1f} hours in this run, longer than"
                f" {longest_wait / 3600:g} hours; given up for this run, {_come_back(pause)}"
            )
        return None

    def why_given_up(self, last: str) -> str | None:
        """Why the partner gets nothing more after what came back, or None; `last` says that in words."""
        if self.failures >= FAILURES_IN_A_ROW:
            return (
                f"{FAILURES_IN_A_ROW} requests in a row failed (the last one: {last}); given up for this run"
            )
        if self.failed_writes >= FAILURES_IN_A_ROW:
            return (
                f"{FAILURES_IN_A_ROW} writes in a row failed while it answers other requests"
                f" (the last one: {last}); given up for this run"
            )
        if self.waits >= WAITS_IN_A_ROW:
            return f"it asked to wait {WAITS_IN_A_ROW} times in a row; given up for this run"
        return None

    def _told_to_wait(self, now: float, until: float) -> None:
        """Adds up what the partner asks to wait, by `Retry-After` or by an allowance that is used up."""
        self.asked += max(0.0, until - max(now, self._asked_until))
        self._asked_until = max(self._asked_until, until)

    def _room(self) -> float:
        failures = self._failures
        alone = self.waits or failures >= IN_TROUBLE
        return min(1 if alone else self._width.now, FAILURES_IN_A_ROW - failures)

    @property
    def _failures(self) -> int:
        return max(self.failures, self.failed_writes)

    def _accepted(self, ticket: Ticket, now: float) -> None:
        self._width.answered(now - ticket.sent_at, ticket.rank)
        if self.waits and ticket.sent_at >= self._held_until:
            self.waits = 0
            until = ticket.sent_at if self._told_how_long else self._refused_at
            if not self._learned.resumed(ticket.sent_at, self._because_of_rate, until):
                # The next window is measured: one request at a time, so that one alone meets its end.
                self._width.narrow(1)
            self._because_of_rate = False
        self._learned.answered()

    def _refused(self, ticket: Ticket, now: float, reply: Reply) -> None:
        used_up = reply.allowance is not None and not reply.allowance.remaining
        wait = reply.allowance.reset if reply.wait is None and reply.allowance and used_up else reply.wait
        alone = ticket.rank == 1 and ticket.number == self._sent
        short = wait is None or wait <= SHORT_WAIT
        too_many_at_once = short and not alone and not self._width.proven
        if too_many_at_once:
            self._width.narrow(ticket.rank - 1 or self.under_way)
        if self.waits and ticket.sent_at < self._refused_at:
            return  # sent before the first refusal was known: part of it
        self._because_of_rate = self._because_of_rate or not (too_many_at_once or used_up)
        self._refused_at, self._told_how_long = now, wait is not None
        self.waits += 1
        if self.waits > 1 or wait is None:
            wait = max(wait or 0.0, pause_before(self.waits - 1, self._luck()))
        self._hold(now + wait)

    def _failed(self, now: float) -> None:
        self.failures += 1
        if self._failures >= IN_TROUBLE:
            attempt = min(self._failures - IN_TROUBLE, TROUBLE_PAUSES - 1)
            self._hold(now + pause_before(attempt, self._luck()))

    def _hold(self, until: float) -> None:
        self._held_until = max(self._held_until, until)


class Turns(Protocol):
    """What a client asks before each request, and tells after it."""

    @property
    def stopped(self) -> str | None:
        """Why nothing may go any more, or None."""

    @property
    def failures(self) -> int:
        """How many requests, or how many writes, failed in a row."""

    def enter(self) -> Ticket:
        """Returns when a request may go. Raises `PartnerStopped` when none may go in this run any more."""

    def leave(self, ticket: Ticket, reply: Reply, last: str = "") -> None:
        """Notes how a request ended; `last` says it in words."""

    def give_back(self, ticket: Ticket) -> None:
        """Takes back leave that was not used."""

    def stop(self, why: str) -> None:
        """Lets nothing go any more, and wakes those who wait. The first reason stays."""

    def rest(self, seconds: float) -> None:
        """Sleeps, but no longer than the partner is in use."""


class Limiter:
    """A policy for threads: `enter` before each request, `leave` after it."""

    def __init__(self, limits: Limits):
        self._policy = Policy(limits)
        self._longest_wait = limits.longest_wait
        self._door = threading.Lock()
        self._changed = threading.Condition()
        self._ended = threading.Event()
        self.stopped: str | None = None

    def enter(self) -> Ticket:
        """Returns when a request may go. Raises `PartnerStopped` when none may go in this run any more."""
        with self._changed:
            if self._policy.crowded and isinstance(ticket := self._ticket(), Ticket):
                return ticket
        # One thread waits for its moment, the others behind the door: no thundering herd.
        with self._door, self._changed:
            while True:
                pause = self._ticket()
                if isinstance(pause, Ticket):
                    return pause
                if why := self._policy.why_no_more(pause, self._longest_wait):
                    self._stop(why)
                    continue
                self._changed.wait(LULL if pause == math.inf else pause)

    def _ticket(self) -> Ticket | float:
        """Leave to send now, or the seconds until then."""
        if self.stopped:
            raise PartnerStopped(self.stopped)
        now = time.monotonic()
        pause = self._policy.pause(now)
        return self._policy.sent(now) if pause <= 0 else pause

    def leave(self, ticket: Ticket, reply: Reply, last: str = "") -> None:
        """Notes how a request ended; `last` says it in words."""
        with self._changed:
            self._policy.answered(ticket, time.monotonic(), reply)
            if why := self._policy.why_given_up(last):
                self._stop(why)
            if not self._policy.crowded:
                self._changed.notify()

    def give_back(self, ticket: Ticket) -> None:
        """Takes back leave that was not used: what was to be sent had run out while it waited."""
        with self._changed:
            self._policy.under_way -= 1
            self._changed.notify()

    @property
    def failures(self) -> int:
        """How many requests, or how many writes, failed in a row."""
        return max(self._policy.failures, self._policy.failed_writes)

    def stop(self, why: str) -> None:
        """Lets nothing go any more, and wakes those who wait. The first reason stays."""
        with self._changed:
            self._stop(why)
            self._changed.notify()

    def rest(self, seconds: float) -> None:
        """Sleeps, but no longer than the partner is in use."""
        self._ended.wait(seconds)

    def _stop(self, why: str) -> None:
        self.stopped = self.stopped or why
        self._ended.set()


def _come_back(pause: float) -> str:
    """When it is worth while to run again, by the clock of this machine."""
    when = datetime.now().astimezone() + timedelta(seconds=pause)
    return f"run again after {when:%Y-%m-%d %H:%M}"


MakesTurns = Callable[[str, str, Limits], Turns]
_made: list[MakesTurns] = []


def turns_of(partner: str, address: str, limits: Limits) -> Turns:
    """The limiter of a partner at an address: this process' own, or one that it shares with others."""
    return _made[-1](partner, address, limits) if _made else Limiter(limits)


def share(make: MakesTurns) -> None:
    """From now on limiters of this process are made by `make`, from partner, address and limits."""
    _made.append(make)
