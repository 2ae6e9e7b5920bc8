"""The limits of a partner for all customers: who may send next, what is out, and whether it is down. Pure.

Moments are seconds of one clock, and handed in. A holder is the process of one customer.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from pipelines.api.http.limiter import Policy, Reply, Ticket
from pipelines.contract.contract import Limits

# Seconds without a sign of life, after which leave that a holder has is taken back.
LEASE = 30.0
# Leave is given so many seconds before it begins: on its way it would come late, now more, now less.
LEAD = 0.04
# Seconds that a partner is left alone after somebody gave it up; then one customer asks, with one request.
DOWN = 900.0
SHARED = ("in_flight", "per_second", "per_minute", "per_hour", "per_day", "longest_wait")


@dataclass
class Holder:
    """What a process has leave for, and when it was heard of last."""

    heard_at: float
    tickets: set[Ticket] = field(default_factory=set)


class Gate:
    """A partner at one address."""

    def __init__(self, limits: Limits, luck: Callable[[], float] = random.random):
        self._limits, self._luck = limits, luck
        self._policy = Policy(limits, luck)
        self._holders: dict[str, Holder] = {}
        self._down: str | None = None
        self._down_until = 0.0
        self._probe: Ticket | None = None

    def turn(self, who: str, limits: Limits, now: float) -> Ticket | float | str:
        """Leave to send, from the moment in it on; the seconds until there is some; or why nothing may go."""
        self._tighten(limits)
        self.alive(who, now)
        self._expire(now)
        if self._down is not None:
            if now < self._down_until or self._probe:
                wait = max(0.0, self._down_until - now)
                return (
                    f"{self._down}; all customers leave it alone for another {math.ceil(wait / 60)} minutes"
                )
            return self._given(who, now, is_probe=True)
        pause = self._policy.pause(now)
        if pause <= LEAD:
            return self._given(who, now + max(0.0, pause))
        if why := self._policy.why_no_more(pause, self._limits.longest_wait):
            self._close(why, now)
            return why
        return max(0.001, pause - LEAD)

    def done(self, who: str, ticket: Ticket, reply: Reply, last: str, now: float) -> None:
        """Notes how a request ended; nothing where its leave was taken back."""
        self.alive(who, now)
        held = self._holders[who].tickets
        if ticket not in held:
            return
        held.remove(ticket)
        self._policy.answered(ticket, now, reply)
        if self._probe == ticket:
            self._probe = None
            if reply.failed:
                self._close(self._down or last, now)
            else:
                self._down = None
        elif self._down is None and (why := self._policy.why_given_up(last)):
            self._close(why, now)

    def back(self, who: str, ticket: Ticket) -> None:
        """Takes back leave that was not used, or of which nobody knows what became."""
        holder = self._holders.get(who)
        if holder and ticket in holder.tickets:
            holder.tickets.remove(ticket)
            self._policy.under_way -= 1
            self._probe = None if self._probe == ticket else self._probe

    def alive(self, who: str, now: float) -> None:
        """Notes a sign of life."""
        self._holders.setdefault(who, Holder(now)).heard_at = now

    def gone(self, who: str) -> None:
        """Takes back all that a holder has: its process has ended."""
        if holder := self._holders.get(who):
            for ticket in list(holder.tickets):
                self.back(who, ticket)
            del self._holders[who]

    def _given(self, who: str, now: float, is_probe: bool = False) -> Ticket:
        ticket = self._policy.sent(now)
        self._holders[who].tickets.add(ticket)
        self._probe = ticket if is_probe else self._probe
        return ticket

    def _close(self, why: str, now: float) -> None:
        """The partner is down for all; what was learned of its pace is learned anew."""
        self._down, self._down_until = why, now + DOWN
        under_way = self._policy.under_way
        self._policy = Policy(self._limits, self._luck)
        self._policy.under_way = under_way

    def _expire(self, now: float) -> None:
        for who, holder in list(self._holders.items()):
            if now - holder.heard_at > LEASE:
                self.gone(who)

    def _tighten(self, limits: Limits) -> None:
        """Of the limits that customers name the tightest count."""
        given: dict[str, Any] = {
            name: _least(getattr(self._limits, name), getattr(limits, name)) for name in SHARED
        }
        tightest = replace(self._limits, **given)
        if tightest != self._limits:
            self._limits = tightest
            under_way = self._policy.under_way
            self._policy = Policy(tightest, self._luck)
            self._policy.under_way = under_way


def _least(one: float | None, other: float | None) -> float | None:
    known = [number for number in (one, other) if number is not None]
    return min(known, default=None)
