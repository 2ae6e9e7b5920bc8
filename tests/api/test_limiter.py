"""When requests go: against partners that count in different ways, on a clock that costs no time."""

import heapq
import math
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.api.http.limiter import FAILURES_IN_A_ROW, Limiter, PartnerStopped, Policy, Reply
from pipelines.api.http.retry import Allowance
from pipelines.contract.contract import Limits

MINUTE = 60.0


@dataclass
class FixedWindow:
    """Counts within windows; the first one opened `open_for` seconds ago and has taken `used` requests."""

    limit: int
    seconds: float
    open_for: float = 0.0
    used: int = 0
    _window: int | None = None

    def take(self, now: float) -> tuple[bool, int, float]:
        """Whether the request is accepted, what is left, and seconds until there is more."""
        window = math.floor((now + self.open_for) / self.seconds)
        if window != self._window:
            self.used = self.used if self._window is None else 0
            self._window = window
        accepted = self.used < self.limit
        self.used += accepted
        return accepted, self.limit - self.used, (window + 1) * self.seconds - self.open_for - now


@dataclass
class Stricter(FixedWindow):
    """Grants `then` requests a window instead, once it has seen so many."""

    then: int = 1
    after: int = 0

    def take(self, now: float) -> tuple[bool, int, float]:
        self.after -= 1
        self.limit = self.limit if self.after > 0 else self.then
        return super().take(now)


@dataclass
class SlidingWindow:
    """Remembers each accepted request for `seconds`."""

    limit: int
    seconds: float
    _taken: list[float] = field(default_factory=list)

    def take(self, now: float) -> tuple[bool, int, float]:
        self._taken = [moment for moment in self._taken if moment > now - self.seconds]
        accepted = len(self._taken) < self.limit
        if accepted:
            self._taken.append(now)
        return accepted, self.limit - len(self._taken), self._taken[0] + self.seconds - now


@dataclass
class TokenBucket:
    """Fills evenly, up to `most` tokens."""

    limit: int
    seconds: float
    most: int
    _tokens: float = math.inf
    _at: float = 0.0

    def take(self, now: float) -> tuple[bool, int, float]:
        rate = self.limit / self.seconds
        self._tokens = min(self.most, self._tokens + (now - self._at) * rate)
        self._at = now
        accepted = self._tokens >= 1
        self._tokens -= accepted
        return accepted, int(self._tokens), max(0.0, 1 - self._tokens) / rate


@dataclass
class Crowd:
    """Bears only so many requests at once."""

    most: int

    def take(self, now: float) -> tuple[bool, int, float]:
        return True, 1, 1.0


@dataclass
class Moody:
    """Refuses every so many requests, whatever their pace."""

    every: int
    _count: int = 0

    def take(self, now: float) -> tuple[bool, int, float]:
        self._count += 1
        return self._count % self.every != 0, 1, 1.0


Partner = FixedWindow | SlidingWindow | TokenBucket | Crowd | Moody


@dataclass
class Seen:
    """What the partner saw: moments of accepted and refused requests, and of those it had asked to wait with."""

    accepted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    too_early: int = 0
    ended: float = 0.0

    def used(self, limit: int, seconds: float) -> float:
        """Share of the allowance that was used in all full windows from the first request on."""
        windows = math.floor((self.ended - self.accepted[0]) / seconds)
        end = self.accepted[0] + windows * seconds
        return sum(moment < end for moment in self.accepted) / (limit * windows)


def exchange(
    partner: Partner,
    requests: int,
    limits: Limits,
    latency: float = 0.02,
    wait: Callable[[float], float | None] = math.ceil,
    headers: bool = False,
    seed: int = 7,
) -> Seen:
    """Lets `limits.in_flight` threads send requests until so many are accepted, in simulated time."""
    luck = random.Random(seed)
    policy, seen = Policy(limits, luck.random), Seen()
    now, order, inside, held_until, wanted = 1000.0, 0, 0, 0.0, requests
    events: list[tuple[float, int, Callable[[], None]]] = []

    def later(delay: float, what: Callable[[], None]) -> None:
        nonlocal order
        order += 1
        heapq.heappush(events, (now + delay + luck.random() * latency / 10, order, what))

    def arrive(ticket: object, sent_alone: bool) -> None:
        nonlocal inside, held_until
        if isinstance(partner, Crowd) and inside >= partner.most:
            accepted, left, reset = False, 1, 1.0
        else:
            accepted, left, reset = partner.take(now)
        seen.too_early += sent_alone and now < held_until - 1e-9
        (seen.accepted if accepted else seen.refused).append(now)
        inside += accepted
        asked = None if accepted else wait(reset)
        held_until = max(held_until, now + (asked or 0.0))
        told = wait(reset) if headers else None
        allowance = None if told is None else Allowance(left, told)
        later(latency * 0.7 if accepted else 0.001, lambda: back(ticket, accepted, asked, allowance))

    def back(ticket: object, accepted: bool, asked: float | None, allowance: Allowance | None) -> None:
        nonlocal inside, wanted
        inside -= accepted
        wanted -= accepted
        policy.answered(ticket, now, Reply(refused=not accepted, wait=asked, allowance=allowance))  # type: ignore[arg-type]

    while wanted:
        pause = policy.pause(now) if policy.under_way < min(wanted, limits.in_flight or 1) else math.inf
        if pause <= 1e-9:
            ticket = policy.sent(now)
            later(
                latency * 0.3,
                lambda ticket=ticket, alone=policy.under_way == 1: arrive(ticket, alone),  # type: ignore[misc]
            )
        elif not events or now + pause < events[0][0]:
            now += pause + luck.random() * 0.0005
        else:
            now, _, what = heapq.heappop(events)
            what()
    seen.ended = now
    return seen


WINDOWS = {
    "a window that the first request opens": lambda: FixedWindow(100, MINUTE, open_for=-1000.0),
    "minutes of the partner's own clock": lambda: FixedWindow(100, MINUTE, open_for=17.0),
    "the last sixty seconds": lambda: SlidingWindow(100, MINUTE),
}


@pytest.mark.parametrize("latency", [0.002, 0.05])
@pytest.mark.parametrize("in_flight", [1, 2])
@pytest.mark.parametrize("partner", WINDOWS.values(), ids=WINDOWS)
def test_an_allowance_that_nobody_names_is_learned_and_used(
    partner: Callable[[], Partner], in_flight: int, latency: float
) -> None:
    seen = exchange(partner(), 500, Limits(in_flight=in_flight), latency)
    assert seen.used(100, MINUTE) >= 0.95
    assert len(seen.refused) / 500 < 0.01
    assert seen.too_early == 0


@pytest.mark.parametrize("partner", WINDOWS.values(), ids=WINDOWS)
def test_waits_that_are_rounded_down_cost_few_refusals(partner: Callable[[], Partner]) -> None:
    seen = exchange(partner(), 700, Limits(in_flight=1), wait=math.floor)
    assert seen.used(100, MINUTE) >= 0.95
    assert len(seen.refused) / 700 < 0.01


@pytest.mark.parametrize("in_flight", [1, 4, 16])
@pytest.mark.parametrize("partner", WINDOWS.values(), ids=WINDOWS)
def test_an_allowance_named_in_headers_is_used_without_a_single_refusal(
    partner: Callable[[], Partner], in_flight: int
) -> None:
    seen = exchange(partner(), 500, Limits(in_flight=in_flight), headers=True)
    assert seen.refused == []
    assert seen.used(100, MINUTE) >= 0.95


def test_a_reset_that_is_rounded_down_costs_one_refusal_only() -> None:
    seen = exchange(SlidingWindow(100, MINUTE), 700, Limits(in_flight=4), wait=math.floor, headers=True)
    assert len(seen.refused) == 1


def test_a_quick_partner_meets_few_requests_at_once_when_its_limit_shows() -> None:
    seen = exchange(FixedWindow(100, MINUTE, open_for=-1000.0), 300, Limits(in_flight=16), latency=0.0007)
    assert len(seen.refused) in (1, 2)


@pytest.mark.parametrize("in_flight", [1, 2])
def test_a_window_that_somebody_used_before_us_does_not_teach_a_wrong_rate(in_flight: int) -> None:
    partner = FixedWindow(100, MINUTE, open_for=27.0, used=60)
    seen = exchange(partner, 500, Limits(in_flight=in_flight))
    assert len(seen.refused) / 500 < 0.01
    last = [moment for moment in seen.accepted if moment > seen.ended - 3 * MINUTE]
    assert 285 <= len(last) <= 300


@pytest.mark.parametrize("wait", [math.ceil, float], ids=["rounded", "exact"])
@pytest.mark.parametrize("in_flight", [1, 4])
def test_a_bucket_that_fills_evenly_is_used_with_few_refusals(
    in_flight: int, wait: Callable[[float], float]
) -> None:
    seen = exchange(TokenBucket(100, MINUTE, most=100), 1000, Limits(in_flight=in_flight), 0.05, wait)
    assert seen.used(100, MINUTE) >= 0.95
    assert len(seen.refused) / 1000 < 0.015


def test_refusals_that_name_no_wait_still_teach_the_rate() -> None:
    seen = exchange(FixedWindow(100, MINUTE, open_for=-1000.0), 700, Limits(in_flight=1), wait=lambda _: None)
    assert len(seen.refused) < 14
    last = [moment for moment in seen.accepted if moment > seen.ended - 3 * MINUTE]
    assert 285 <= len(last) <= 300


def test_a_partner_that_grants_less_all_at_once_is_followed() -> None:
    seen = exchange(Stricter(100, MINUTE, then=40, after=250), 500, Limits(in_flight=1))
    last = [moment for moment in seen.accepted if moment > seen.ended - 3 * MINUTE]
    assert 114 <= len(last) <= 120
    assert len(seen.refused) <= 4


@pytest.mark.parametrize(("in_flight", "most"), [(4, 2), (4, 1), (16, 2)])
def test_a_partner_that_bears_few_at_once_gets_few_at_once(in_flight: int, most: int) -> None:
    seen = exchange(Crowd(most), 2000, Limits(in_flight=in_flight), latency=0.05)
    assert len(seen.refused) / 2000 < 0.01
    # 50 ms an answer: 20 a second for each that the partner bears at once.
    assert 2000 / (seen.ended - seen.accepted[0]) > 0.75 * 20 * most


@pytest.mark.parametrize("in_flight", [1, 4])
def test_refusals_that_have_nothing_to_do_with_pace_do_not_end_in_a_crawl(in_flight: int) -> None:
    seen = exchange(Moody(20), 1000, Limits(in_flight=in_flight))
    assert len(seen.refused) == 52
    # 52 waits of a second, and a second for every 50 requests.
    assert seen.ended - seen.accepted[0] < 2 * (52 + 20)


@pytest.mark.parametrize(
    "partner",
    [
        lambda: FixedWindow(100, MINUTE, open_for=17.0),
        lambda: SlidingWindow(100, MINUTE),
        lambda: TokenBucket(100, MINUTE, most=3),
    ],
)
def test_a_rate_in_the_contract_is_used_and_never_refused(partner: Callable[[], Partner]) -> None:
    seen = exchange(partner(), 500, Limits(in_flight=4, per_minute=100))
    assert seen.refused == []
    assert seen.used(100, MINUTE) >= 0.95


@given(
    number=st.floats(0.5, 400),
    per_minute=st.booleans(),
    pauses=st.lists(st.floats(0, 30) | st.just(0.0), max_size=60),
    late=st.floats(0, 0.01),
)
@settings(max_examples=200, deadline=None)
def test_no_window_ever_holds_more_than_its_limit(
    number: float, per_minute: bool, pauses: list[float], late: float
) -> None:
    seconds = MINUTE if per_minute else 1.0
    policy = Policy(Limits(per_minute=number) if per_minute else Limits(per_second=number))
    now, sent = 1000.0, []
    for pause in pauses + [0.0] * 300:
        now += pause + policy.pause(now + pause) + late
        policy.answered(policy.sent(now), now, Reply())
        sent.append(now)
    for first, last in zip(sent, sent[math.ceil(number) :], strict=False):
        assert last - first >= seconds


@given(number=st.floats(1, 400), per_minute=st.booleans(), late=st.floats(0, 0.0005))
@settings(max_examples=100, deadline=None)
def test_nothing_waits_much_longer_than_its_limit_demands(
    number: float, per_minute: bool, late: float
) -> None:
    seconds = MINUTE if per_minute else 1.0
    policy = Policy(Limits(per_minute=number) if per_minute else Limits(per_second=number))
    now = 1000.0
    for _ in range(400):
        now += policy.pause(now) + late
        policy.answered(policy.sent(now), now, Reply())
    assert now - 1000 <= 1.05 * 399 * seconds / number + late


@given(st.lists(st.tuples(st.floats(0, 300), st.floats(0, 20)), min_size=1, max_size=40))
@settings(max_examples=200, deadline=None)
def test_nothing_goes_before_any_wait_that_was_asked_for_is_over(asked: list[tuple[float, float]]) -> None:
    policy, now, over = Policy(Limits(in_flight=3)), 1000.0, 0.0
    for wait, meanwhile in asked:
        if policy.waits >= 20:
            return
        now += policy.pause(now)
        assert now >= over - 1e-6
        ticket = policy.sent(now)
        now += meanwhile
        over = max(over, now + wait)
        policy.answered(ticket, now, Reply(refused=True, wait=wait))


REPLIES = st.builds(
    Reply,
    refused=st.booleans(),
    wait=st.none() | st.floats(0, 100),
    allowance=st.none() | st.builds(Allowance, st.integers(0, 5), st.floats(0, 100)),
) | st.just(Reply(failed=True))


@given(st.integers(1, 20), st.lists(st.tuples(st.integers(0, 30), st.floats(0, 2), REPLIES), max_size=80))
@settings(max_examples=300, deadline=None)
def test_whatever_a_partner_answers_nobody_waits_for_ever_and_no_more_are_under_way_than_allowed(
    in_flight: int, answers: list[tuple[int, float, Reply]]
) -> None:
    policy, now, tickets = Policy(Limits(in_flight=in_flight)), 1000.0, []
    for which, seconds, reply in answers:
        while (pause := policy.pause(now)) < math.inf:
            now += pause
            tickets.append(policy.sent(now))
        assert 0 < len(tickets) <= in_flight
        now += seconds
        policy.answered(tickets.pop(which % len(tickets)), now, reply)
        if policy.failures == FAILURES_IN_A_ROW:
            return


def test_a_daily_limit_may_be_used_at_once_and_then_holds_for_a_day() -> None:
    policy = Policy(Limits(per_day=7))
    for _ in range(7):
        assert policy.pause(1000.0) == 0
        policy.answered(policy.sent(1000.0), 1000.0, Reply())
    assert policy.pause(1000.0) == 86_400


def test_one_request_alone_asks_whether_the_wait_is_over() -> None:
    policy = Policy(Limits(in_flight=4))
    policy.answered(policy.sent(1000.0), 1000.1, Reply(refused=True, wait=30))
    assert policy.pause(1000.1) == pytest.approx(30)
    ticket = policy.sent(1030.1)
    assert policy.pause(1030.1) == math.inf
    policy.answered(ticket, 1030.2, Reply())
    assert policy.pause(1030.2) < 1


def test_a_failing_partner_is_asked_twenty_times_at_most_and_in_the_end_one_at_a_time() -> None:
    policy, now = Policy(Limits(in_flight=16)), 1000.0
    policy.answered(policy.sent(now), now + 0.1, Reply())
    tickets = []
    while (pause := policy.pause(now)) < 0.01:
        now += pause
        tickets.append(policy.sent(now))
    assert len(tickets) == 16
    for ticket in tickets:
        policy.answered(ticket, now, Reply(failed=True))
    for _ in range(4):
        assert policy.pause(now) > 0.1
        now += policy.pause(now)
        ticket = policy.sent(now)
        assert policy.pause(now) == math.inf
        policy.answered(ticket, now, Reply(failed=True))
    assert policy.failures == FAILURES_IN_A_ROW
    assert policy.pause(now + 1000) == math.inf


def test_more_threads_than_failures_are_left_do_not_ask_a_dead_partner_more_often() -> None:
    policy = Policy(Limits(in_flight=64))
    policy.answered(policy.sent(1000.0), 1000.5, Reply())
    now, sent = 1001.0, 0
    while (pause := policy.pause(now)) < math.inf:
        now += pause
        policy.sent(now)
        sent += 1
    assert sent == FAILURES_IN_A_ROW


def test_what_answers_at_its_own_time_is_asked_evenly_and_not_in_bursts() -> None:
    policy, now, moments = Policy(Limits(in_flight=16)), 1000.0, []
    policy.answered(policy.sent(now), now + 0.048, Reply())
    now += 1
    while (pause := policy.pause(now)) < math.inf:
        now += pause
        moments.append(now)
        policy.sent(now)
    gaps = [round(1000 * (later - earlier), 6) for earlier, later in pairwise(moments)]
    # 48 ms for 16 requests: 3 ms each, 1.2 times as fast; the second may go with the first, as one always may be late.
    assert gaps == [0.0, *[2.5] * 14]


def test_one_bad_record_does_not_slow_the_others() -> None:
    policy, now = Policy(Limits(in_flight=4)), 1000.0
    for _ in range(100):
        policy.answered(policy.sent(now), now, Reply(failed=True))
        assert policy.pause(now) == 0
        policy.answered(policy.sent(now), now, Reply())


def test_threads_share_one_pace_whatever_their_order() -> None:
    limiter, sent, lock = Limiter(Limits(in_flight=8, per_second=200)), [], threading.Lock()

    def work() -> None:
        for _ in range(25):
            ticket = limiter.enter()
            with lock:
                sent.append(ticket.sent_at)
            time.sleep(0.001)
            limiter.leave(ticket, Reply())

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent.sort()
    assert len(sent) == 200
    # 200 in any second is 50 in any quarter of one, and a few for the slack of a whole second.
    assert all(later - first > 0.22 for first, later in zip(sent, sent[50:], strict=False))
    assert sent[-1] - sent[0] < 3


def test_those_who_wait_are_woken_when_the_partner_is_given_up() -> None:
    limiter, told = Limiter(Limits(in_flight=4)), []
    limiter.leave(limiter.enter(), Reply(refused=True, wait=600))

    def work() -> None:
        with pytest.raises(PartnerStopped) as stop:
            limiter.enter()
        told.append(str(stop.value))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    limiter.stop("first reason")
    limiter.stop("second reason")
    for thread in threads:
        thread.join(5)
    assert told == ["first reason"] * 4


def test_a_wait_of_many_hours_is_left_to_the_next_run() -> None:
    limiter = Limiter(Limits(in_flight=1))
    limiter.leave(limiter.enter(), Reply(refused=True, wait=36_000))
    with pytest.raises(
        PartnerStopped, match=r"takes no request for another 10\.0 hours; given up for this run"
    ):
        limiter.enter()


def test_waits_for_an_allowance_that_is_used_up_add_up_like_waits_that_were_asked_for() -> None:
    policy = Policy(Limits(in_flight=1))
    now = 0.0
    for _ in range(5):
        now += policy.pause(now)
        # One request an hour: a partner that says so after each is not worth a night of waiting.
        policy.answered(policy.sent(now), now, Reply(allowance=Allowance(0, 3_600)))
    assert policy.asked == 5 * 3_600
