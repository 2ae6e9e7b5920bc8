"""Rate limits of the sandbox: how many requests get through, and whether the wait that it asks for is right."""

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

import pytest

from pipelines.sandbox.play.limiter import RequestWindows, Style
from pipelines.sandbox.server import Sandbox
from tests.sandbox.api import Api

SetOption = Callable[[str, str, str], None]


def accepted(limiter: RequestWindows, limits: dict[int, int], style: Style, times: list[float]) -> list[bool]:
    return [limiter.admit(limits, style, at)[0] == 0 for at in times]


def test_a_sliding_window_never_holds_more_than_its_limit() -> None:
    times = [0.0, 0.9, 1.0, 1.5, 1.95, 2.0, 2.5]
    assert accepted(RequestWindows(), {1: 2}, "sliding", times) == [
        True,
        True,
        True,
        False,
        True,
        True,
        False,
    ]


def test_a_fixed_window_begins_anew_at_the_full_minute() -> None:
    times = [30.0, 59.0, 59.5, 60.0, 60.1, 60.2, 120.0]
    assert accepted(RequestWindows(), {60: 2}, "fixed", times) == [True, True, False, True, True, False, True]


@pytest.mark.parametrize(("style", "wait"), [("sliding", 50.5), ("fixed", 40.0)])
def test_after_the_wait_and_not_before_a_request_is_accepted(style: Style, wait: float) -> None:
    limiter = RequestWindows()
    accepted(limiter, {60: 3}, style, [70.5, 71.0, 79.0])
    assert limiter.admit({60: 3}, style, 80.0)[0] == wait
    assert limiter.admit({60: 3}, style, 80.0 + wait - 0.25)[0] == 0.25
    assert limiter.admit({60: 3}, style, 80.0 + wait)[0] == 0


def test_the_longer_wait_of_two_limits_counts_and_a_refused_request_uses_none_up() -> None:
    limiter, limits = RequestWindows(), {1: 2, 60: 3}
    assert accepted(limiter, limits, "sliding", [0.0, 0.5, 0.75, 1.0]) == [True, True, False, True]
    assert limiter.admit(limits, "sliding", 1.25)[0] == 58.75


def test_the_tightest_window_is_told() -> None:
    limiter, limits = RequestWindows(), {1: 5, 60: 7}
    found = [limiter.admit(limits, "sliding", at)[1] for at in (0.0, 2.0, 4.0, 4.5)]
    quotas = [(quota.limit, quota.remaining) for quota in found if quota]
    assert quotas == [(5, 4), (5, 4), (5, 4), (5, 3)]
    found = [limiter.admit(limits, "sliding", at)[1] for at in (6.0, 8.0)]
    quotas = [(quota.limit, quota.remaining) for quota in found if quota]
    assert quotas == [(7, 2), (7, 1)]


def test_a_limit_of_requests_a_second_holds_and_its_wait_is_right(
    kiwi: Api, sandbox: Sandbox, option: SetOption
) -> None:
    option("kiwi", "per_second", "7")
    before = len(sandbox.requests("kiwi"))
    answers = [kiwi.get("/v1/units") for _ in range(10)]
    assert [answer.status_code for answer in answers] == [200] * 7 + [429] * 3
    assert answers[-1].json()["error"]["code"] == "too_many_requests"
    assert answers[-1].headers["retry-after"] == "1"
    assert [entry.fault for entry in sandbox.requests("kiwi")[before:]] == [""] * 7 + ["limit"] * 3
    time.sleep(1)
    assert kiwi.get("/v1/units").status_code == 200


def test_the_wait_as_a_date_is_right(kiwi: Api, option: SetOption) -> None:
    option("kiwi", "per_second", "1")
    option("kiwi", "retry_after_form", "date")
    kiwi.get("/v1/units")
    refused = kiwi.get("/v1/units")
    assert refused.status_code == 429
    until = parsedate_to_datetime(refused.headers["retry-after"]).timestamp()
    assert until - time.time() < 2
    time.sleep(max(0, until - time.time()))
    assert kiwi.get("/v1/units").status_code == 200


def test_every_answer_tells_what_is_left(kiwi: Api, option: SetOption) -> None:
    option("kiwi", "per_minute", "3")
    option("kiwi", "limit_headers", "seconds")
    answers = [kiwi.get("/v1/units") for _ in range(4)]
    told = [(a.headers["x-ratelimit-limit"], a.headers["x-ratelimit-remaining"]) for a in answers]
    assert told == [("3", "2"), ("3", "1"), ("3", "0"), ("3", "0")]
    assert 58 <= int(answers[-1].headers["x-ratelimit-reset"]) <= 60
    assert answers[-1].headers["x-ratelimit-reset"] == answers[-1].headers["retry-after"]
    option("kiwi", "limit_headers", "epoch")
    reset = int(kiwi.get("/v1/units").headers["x-ratelimit-reset"])
    assert 57 <= reset - time.time() <= 61
    option("kiwi", "limit_headers", "no")
    assert "x-ratelimit-limit" not in kiwi.get("/v1/units").headers


def test_a_fixed_window_says_when_it_begins_anew(kiwi: Api, option: SetOption) -> None:
    option("kiwi", "per_minute", "2")
    option("kiwi", "limit_window", "fixed")
    option("kiwi", "limit_headers", "epoch")
    if time.time() % 60 > 58:
        time.sleep(2)  # so that the minute does not end in between
    resets = [int(kiwi.get("/v1/units").headers["x-ratelimit-reset"]) for _ in range(3)]
    assert len(set(resets)) == 1
    assert resets[0] % 60 == 0
