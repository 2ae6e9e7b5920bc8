"""Limits of a partner for all customers. Moments are handed in, so nothing waits here."""

import math

from pipelines.api.http.limiter import FAILURES_IN_A_ROW, Reply, Ticket
from pipelines.contract.contract import Limits
from pipelines.fleet.gate import DOWN, LEAD, LEASE, Gate

ONE = Limits(in_flight=1)
GOOD, FAILED = Reply(), Reply(failed=True)


def gate(limits: Limits = ONE) -> Gate:
    return Gate(limits, luck=lambda: 0.5)


def ticket(found: Ticket | float | str) -> Ticket:
    assert isinstance(found, Ticket), found
    return found


def give_up(one: Gate, now: float) -> float:
    """Fails so often that the partner counts as down; returns when."""
    for _ in range(FAILURES_IN_A_ROW):
        while isinstance(found := one.turn("a", ONE, now), float):
            now += found
        one.done("a", ticket(found), FAILED, "no answer in time", now)
    return now


def test_what_one_has_under_way_counts_for_all() -> None:
    one = gate()
    first = ticket(one.turn("a", ONE, 0))
    assert one.turn("b", ONE, 0.1) == math.inf
    one.done("a", first, GOOD, "", 0.2)
    assert isinstance(one.turn("b", ONE, 1), Ticket)


def test_a_rate_is_kept_by_all_together() -> None:
    limits = Limits(per_second=10)
    one, sent, now = gate(limits), [], 0.0
    while now < 10:
        for who in "abcd":
            found = one.turn(who, limits, now)
            if isinstance(found, Ticket):
                sent.append(found.sent_at)
                one.done(who, found, GOOD, "", found.sent_at)
        now += 0.005
    assert max(sum(s <= t < s + 1 for t in sent) for s in sent) <= 10
    assert len(sent) >= 95


def test_the_tightest_limit_that_a_customer_names_counts() -> None:
    one = gate(Limits(in_flight=4))
    ticket(one.turn("a", Limits(in_flight=4), 0))
    assert one.turn("b", Limits(in_flight=1), 1) == math.inf


def test_leave_of_one_that_ended_or_is_not_heard_of_is_taken_back() -> None:
    one = gate()
    lost = ticket(one.turn("a", ONE, 0))
    one.gone("a")
    kept = ticket(one.turn("b", ONE, 1))
    assert one.turn("c", ONE, LEASE) == math.inf
    one.alive("b", LEASE)
    assert one.turn("c", ONE, 2 * LEASE) == math.inf
    late = 2 * LEASE + 1
    third = ticket(one.turn("c", ONE, late))
    # Whoever comes back late changes nothing.
    one.done("a", lost, GOOD, "", late)
    one.done("b", kept, GOOD, "", late)
    assert one.turn("d", ONE, late) == math.inf
    one.back("c", third)
    assert isinstance(one.turn("d", ONE, late), Ticket)


def test_a_partner_that_one_gives_up_is_left_alone_by_all_and_asked_again_by_one() -> None:
    one = gate()
    now = give_up(one, 0)
    assert "20 requests in a row failed (the last one: no answer in time)" in str(one.turn("b", ONE, now))
    assert "leave it alone for another 15 minutes" in str(one.turn("b", ONE, now + 1))
    later = now + DOWN
    probe = ticket(one.turn("b", ONE, later))
    assert isinstance(one.turn("c", ONE, later), str)
    one.done("b", probe, FAILED, "no answer in time", later)
    assert isinstance(one.turn("c", ONE, later + 1), str)
    again = later + DOWN
    probe = ticket(one.turn("c", ONE, again))
    one.done("c", probe, GOOD, "", again)
    assert isinstance(one.turn("d", ONE, again + 1), Ticket)


def test_one_that_asks_and_dies_is_followed_by_another() -> None:
    one = gate()
    now = give_up(one, 0) + DOWN
    ticket(one.turn("b", ONE, now))
    one.gone("b")
    assert isinstance(one.turn("c", ONE, now), Ticket)


def test_a_wait_that_is_asked_for_holds_for_all() -> None:
    one = gate(Limits(in_flight=2))
    limits = Limits(in_flight=2)
    first = ticket(one.turn("a", limits, 0))
    one.done("a", first, Reply(refused=True, wait=60.0), "", 1)
    assert one.turn("b", limits, 2) == 59.0 - LEAD
    hours = gate(Limits(in_flight=2))
    first = ticket(hours.turn("a", limits, 0))
    hours.done("a", first, Reply(refused=True, wait=10_000.0), "", 1)
    assert "it takes no request for another 2.8 hours" in str(hours.turn("b", limits, 2))
    assert isinstance(hours.turn("c", limits, 3), str)
