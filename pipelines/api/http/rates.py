"""How fast a partner may be asked: fixed limits, and what its answers teach. Pure; every moment is handed in.

Moments and durations are seconds of one clock. `due` is the moment before which nothing may go.
"""

import math
from collections import deque
from dataclasses import dataclass

from pipelines.api.http.retry import Allowance

# Share of a window left free: half for waking up late ourselves, half for the network's jitter, which has seconds
# of its own on top, as short windows suffer most from it.
MARGIN = 0.025
JITTER = 0.015
HOUR, DAY = 3600.0, 86_400.0
NEVER = -math.inf

# Windows in which partners count. A first count over another length began in the middle of one.
WINDOWS = (1, 2, 3, 5, 6, 10, 12, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600)
WINDOW_TOLERANCE = 0.03
RISE, FALL = 1.1, 0.9
SLOWEST = 1 / 60
# So many times the requests that a learned rate rests on must go well before a slightly higher one is tried.
PATIENCE = 10
# Refused so often in spite of its learned rate, the partner does not refuse because of the rate.
STRIKES = 5
DEAF = 1000

FIRST_WIDENING, LAST_WIDENING = 100, 10_000
# So many answers for each request under way prove that the partner bears their number.
PROOF = 5
# What one request costs this process in time of its own: more in flight than fit into an answer's time gain nothing.
OWN_TIME = 0.0005
# One is on its way while another is being noted.
FEWEST_USEFUL = 2.0
# So many times as fast as the answers let them, requests may follow each other.
SPREAD = 1.2


@dataclass(frozen=True)
class Rate:
    """So many requests in so many seconds."""

    number: float
    seconds: float

    @property
    def per_second(self) -> float:
        """Requests a second."""
        return self.number / self.seconds

    def times(self, factor: float) -> "Rate":
        """This rate, faster or slower; never slower than one request a minute."""
        return Rate(max(self.number * factor, SLOWEST * self.seconds), self.seconds)


class Pace:
    """Evenly spaced requests, never more than `rate.number` in any `rate.seconds`, also after a late start."""

    def __init__(self, rate: Rate, due: float = NEVER):
        self.due = due
        self._gap = (rate.seconds * (1 + MARGIN) + JITTER) / rate.number
        self._slack = rate.seconds * MARGIN / 2

    def sent(self, now: float) -> None:
        """Notes a request."""
        self.due = max(self.due, now - self._slack) + self._gap


class Count:
    """At most `most` requests of this process in any so many seconds, as fast as they come."""

    def __init__(self, most: float | None, seconds: float = DAY):
        self._seconds = seconds
        self._sent: deque[float] = deque(maxlen=max(1, int(most)) if most else 0)

    @property
    def due(self) -> float:
        """The moment from which another request fits."""
        full = self._sent and len(self._sent) == self._sent.maxlen
        return self._sent[0] + self._seconds if full else NEVER

    def sent(self, now: float) -> None:
        """Notes a request."""
        self._sent.append(now)


class Budget:
    """What the partner's headers say is left of its allowance."""

    def __init__(self) -> None:
        self._left: int | None = None
        self._lowest = 0
        self._reset_at = NEVER
        self._late = 0.0

    def due(self, now: float, under_way: int) -> float:
        """The moment from which a request may go; one alone asks for a new allowance, the others wait for it."""
        if self._left is None or self._left > 0:
            return NEVER
        opens = self._reset_at + self._late
        if now < opens:
            return opens
        return math.inf if under_way else NEVER

    def sent(self) -> None:
        """Notes a request."""
        if self._left is not None:
            self._left -= 1

    def told(self, allowance: Allowance | None, now: float, under_way: int, refused: bool) -> None:
        """Notes what an answer says is left; `under_way` others may not be counted in it yet."""
        if allowance is None:
            self._left = self._left if refused else None
            return
        if refused and self._left is not None and self._left < 0 and allowance.reset <= 1 + MARGIN:
            # Asked when the window was said to be over, and it was not: its end had been rounded down.
            self._late = 1.0
        reset_at = now + allowance.reset
        # Answers overtake each other: within a window the lowest count is the latest one.
        same = now < self._reset_at and abs(reset_at - self._reset_at) <= 1 + MARGIN
        self._lowest = min(self._lowest, allowance.remaining) if same else allowance.remaining
        self._left, self._reset_at = self._lowest - under_way, reset_at


class Width:
    """How many requests may be under way: fewer where the partner refuses so many, and where more gain nothing."""

    def __init__(self, most: int | None):
        self._most = self._bearable = float(most or math.inf)
        self._useful = 1.0
        # The moment from which the next request may go.
        self.due = NEVER
        self._latency: float | None = None
        self._well = 0
        self._full = 0
        self._patience = FIRST_WIDENING
        self._widened = False

    @property
    def now(self) -> float:
        """Requests that may be under way."""
        return min(self._bearable, self._useful)

    @property
    def crowded(self) -> bool:
        """Whether more could be under way, and would gain nothing."""
        return self._useful < self._bearable

    @property
    def proven(self) -> bool:
        """Whether the partner has borne the present width long enough, so that it refuses for another reason."""
        return self._full >= PROOF * self.now

    def sent(self, now: float) -> None:
        """Notes a request; the next one waits a little.

        A burst is answered as a burst, and sent as one again: each answer waits for what we do about the others.
        """
        if self._latency is not None and not self.crowded:
            gap = self._latency / self.now / SPREAD
            self.due = max(self.due, now - gap) + gap

    def answered(self, seconds: float, rank: int) -> None:
        """Notes an answer that was no refusal: how long it took, and as which of those under way it was sent."""
        self._well += 1
        self._full += rank >= self.now
        self._latency = seconds if self._latency is None else 0.8 * self._latency + 0.2 * seconds
        self._useful = max(FEWEST_USEFUL, self._latency // OWN_TIME)
        if self._bearable < self._most and self._well >= self._patience:
            self._set(self._bearable + 1)
            self._widened = True

    def narrow(self, to: int) -> None:
        """The partner refused more than `to` at once."""
        if to >= self._bearable:
            return
        if self._widened:
            # What it bore before is known; which one of several it refuses is chance.
            to = int(self._bearable) - 1
            self._patience = min(2 * self._patience, LAST_WIDENING)
        self._widened = False
        self._set(float(max(1, to)))

    def _set(self, width: float) -> None:
        self._bearable, self._well, self._full = width, 0, 0


class LearnedRate:
    """The rate that a partner grants without naming it, as its refusals show it.

    It is counted from one resumption to the next: what was answered between them, in the time between them. A first
    count begins with us, perhaps in the middle of the partner's window; it is believed only if it fits one.
    """

    def __init__(self) -> None:
        self._rate: Rate | None = None
        self._pace: Pace | None = None
        self._before: Rate | None = None
        self._since: float | None = None
        self._bounded = False
        self._answered = 0
        self._well = 0
        self._patience = 0.0
        self._strikes = 0
        self._deaf = 0

    @property
    def due(self) -> float:
        """The moment from which a request may go."""
        return self._pace.due if self._pace else NEVER

    @property
    def per_second(self) -> float | None:
        """The rate in force, or None."""
        return self._rate.per_second if self._rate else None

    def sent(self, now: float) -> None:
        """Notes a request."""
        if self._since is None:
            self._since = now
        if self._pace:
            self._pace.sent(now)

    def answered(self) -> None:
        """Notes an answer that was no refusal."""
        self._answered += 1
        self._deaf = max(0, self._deaf - 1)
        self._well += 1
        if self._rate and self._well >= self._patience:
            self._strikes = 0
            self._before = self._rate
            self._go_by(self._rate.times(RISE))

    def resumed(self, now: float, because_of_rate: bool, refused_until: float) -> bool:
        """Notes that the partner takes requests again, the first one sent `now`; before `refused_until` it did not.

        Returns False when it refused because of a rate, and the count so far does not tell which.
        """
        began = now if self._since is None else self._since
        seen = Rate(self._answered, max(now - began, 0.001))
        bounded = self._bounded
        self._since, self._bounded, self._answered = now, True, 0
        if self._deaf or not because_of_rate or not seen.number:
            return True
        window = _window(min(refused_until, now) - began, seen.seconds)
        if not bounded and window is None:
            return False
        # A window told is at least as long as it was seen; one not told ended somewhere between two tries.
        at_least = seen.seconds if refused_until >= now else 0.0
        self._learn(Rate(seen.number, max(window or seen.seconds, at_least)))
        if self._pace:
            self._pace.sent(now)
        return True

    def _learn(self, seen: Rate) -> None:
        if self._rate is None:
            self._believe(seen)
        elif self._before:
            self._patience *= 2
            self._go_by(self._before)
            self._before = None
        elif self._strikes + 1 >= STRIKES:
            self._rate = self._pace = None
            self._strikes, self._deaf = 0, DEAF
        elif seen.per_second < 0.95 * self._rate.per_second:
            self._strikes += 1
            self._believe(seen)
        else:
            self._strikes += 1
            self._go_by(self._rate.times(FALL))

    def _believe(self, seen: Rate) -> None:
        self._patience = PATIENCE * seen.number
        self._go_by(seen.times(1))

    def _go_by(self, rate: Rate) -> None:
        self._rate, self._well = rate, 0
        self._pace = Pace(rate, self.due)


def _window(least: float, most: float) -> float | None:
    """The longest window that lasts, about, so long; or None."""
    longest = (float(w) for w in reversed(WINDOWS) if w <= most + WINDOW_TOLERANCE * w)
    return next((w for w in longest if w >= least - WINDOW_TOLERANCE * w), None)
