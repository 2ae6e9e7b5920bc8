"""How many requests a partner takes in a second and in a minute, and how long the others have to wait."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Style = Literal["sliding", "fixed"]
Limits = Mapping[int, int]  # length of the window in seconds → requests in it


@dataclass(frozen=True)
class Quota:
    """What is left of a window. `reset`: seconds until more is free."""

    limit: int
    remaining: int
    reset: float


class RequestWindows:
    """Counts accepted requests in windows. `now` are epoch seconds and never fall."""

    def __init__(self) -> None:
        self._accepted: dict[int, deque[float]] = {}

    def admit(self, limits: Limits, style: Style, now: float) -> tuple[float, Quota | None]:
        """Seconds to wait (0: the request is accepted and counted), and what is left of the tightest window.

        A refused request is not counted. After the wait one request is accepted, if nobody else came first.
        """
        windows = [self._window(length, limit, style, now) for length, limit in limits.items()]
        wait = max((reset for taken, limit, reset in windows if taken >= limit), default=0.0)
        if not wait:
            for length in limits:
                self._accepted[length].append(now)
        return wait, min(_quotas(windows, not wait), key=lambda quota: quota.remaining, default=None)

    def _window(self, length: int, limit: int, style: Style, now: float) -> tuple[int, int, float]:
        """Accepted in the present window, its limit, seconds until it lets more in."""
        accepted = self._accepted.setdefault(length, deque())
        start = now - length if style == "sliding" else now // length * length
        while accepted and (accepted[0] <= start if style == "sliding" else accepted[0] < start):
            accepted.popleft()
        first = accepted[0] if accepted and style == "sliding" else start
        reset = first + length - now if accepted or style == "fixed" else float(length)
        return len(accepted), limit, reset


def _quotas(windows: list[tuple[int, int, float]], is_counted: bool) -> Iterator[Quota]:
    for taken, limit, reset in windows:
        yield Quota(limit, max(0, limit - taken - is_counted), reset)
