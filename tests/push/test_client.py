"""Pure parts of the client: how long it waits, and why."""

from datetime import UTC, datetime

from pipelines.push.client import Limiter, pause_before, retry_after
from pipelines.push.contract import Limits

NOON = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


class Clock:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_pauses_double_and_stay_below_a_minute() -> None:
    assert [pause_before(attempt, luck=1.0) for attempt in range(9)] == [0.5, 1, 2, 4, 8, 16, 32, 60, 60]


def test_luck_takes_away_at_most_half_of_a_pause() -> None:
    assert pause_before(3, luck=0.0) == 2.0


def test_retry_after_is_read_as_seconds_and_as_a_date() -> None:
    assert retry_after("17", NOON) == 17
    assert retry_after("Sat, 21 Nov 2026 12:01:30 GMT", NOON) == 90
    assert retry_after("Sat, 21 Nov 2026 11:00:00 GMT", NOON) == 0


def test_a_retry_after_that_cannot_be_read_is_as_good_as_none() -> None:
    assert retry_after("soon", NOON) is None
    assert retry_after(None, NOON) is None


def test_requests_are_spaced_by_the_tightest_rate() -> None:
    clock = Clock()
    limiter = Limiter(Limits(per_second=5, per_minute=60), clock, clock.sleep)
    moments = []
    for _ in range(4):
        limiter.wait()
        moments.append(clock.now)
    assert moments == [100, 101, 102, 103]


def test_without_a_rate_nothing_waits() -> None:
    clock = Clock()
    limiter = Limiter(Limits(in_flight=4), clock, clock.sleep)
    for _ in range(1000):
        limiter.wait()
    assert clock.now == 100


def test_holding_lets_nothing_go_before_its_time() -> None:
    clock = Clock()
    limiter = Limiter(Limits(), clock, clock.sleep)
    limiter.hold(30)
    limiter.hold(10)
    limiter.wait()
    assert clock.now == 130
