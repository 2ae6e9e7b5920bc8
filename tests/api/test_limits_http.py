"""The client over real connections: limits, retries, broken connections, logins."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from pipelines.api.http import client as client_module
from pipelines.api.http import limiter as limiter_module
from pipelines.api.http.client import Answer, Client, PartnerStopped
from pipelines.contract.contract import Limits
from tests.loopback import Quiet, serving

TOKEN = "s3cr3t-t0ken"


@dataclass
class Reaction:
    """What the partner answers; without a status it closes the connection."""

    status: int | None = 201
    headers: dict[str, str] = field(default_factory=dict)
    body: str = '{"id": 1}'
    kind: str = "application/json"
    after: float = 0.0


class Partner:
    """A small server of this test: `react` decides about each request; all of them are noted."""

    def __init__(self, react: Callable[["Partner", str, str, str], Reaction]):
        self.requests: list[tuple[float, str, str, int | None]] = []
        self.lock = threading.Lock()
        self.react = react
        self.url = ""

    def __call__(self, method: str, path: str, auth: str) -> Reaction:
        with self.lock:
            reaction = self.react(self, method, path, auth)
            self.requests.append((time.monotonic(), method, path, reaction.status))
            return reaction

    def times(self, *statuses: int) -> list[float]:
        return [moment for moment, _, _, status in self.requests if status in statuses]


@contextmanager
def served(react: Callable[[Partner, str, str, str], Reaction]) -> Iterator[Partner]:
    partner = Partner(react)

    class Handler(Quiet):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            reaction = partner(self.command, self.path, self.headers.get("Authorization") or "")
            time.sleep(reaction.after)
            if reaction.status is None:
                self.close_connection = True
                return
            body = reaction.body.encode()
            self.send_response(reaction.status)
            for name, value in {"Content-Type": reaction.kind, **reaction.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_DELETE = answer

    with serving(Handler) as address:
        partner.url = address
        yield partner


def token(client: Client) -> tuple[dict[str, str], float | None]:
    return {"Authorization": f"Bearer {TOKEN}"}, None


def client_of(
    partner: Partner, in_flight: int = 1, login: Any = token, timeout: float = 20.0, **limits: float
) -> Client:
    return Client(
        "etg24",
        partner.url,
        Limits(in_flight=in_flight, **limits),
        login,
        timeout=timeout,  # type: ignore[arg-type]
    )


def send_many(
    client: Client, number: int, threads: int, repeat: bool = False
) -> list[Answer | PartnerStopped]:
    def one(row: int) -> Answer | PartnerStopped:
        try:
            return client.call("post", f"/things/{row}", {"row": row}, repeat=repeat)
        except PartnerStopped as stop:
            return stop

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, range(number)))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between tries are short here; how long they are is tested elsewhere."""
    for module in (client_module, limiter_module):
        monkeypatch.setattr(module, "pause_before", lambda attempt, luck: 0.01)


@dataclass
class Window:
    """So many requests a window, which the first request opens; others are refused and told how long to wait."""

    limit: int
    seconds: float
    headers: bool = False
    refuses: bool = True
    opened: float = -1e9
    used: int = 0
    early: int = 0

    def __call__(self, partner: Partner, *_: str) -> Reaction:
        now = time.monotonic()
        if now >= self.opened + self.seconds:
            self.opened, self.used = now, 0
        rest = self.opened + self.seconds - now
        accepted = self.used < self.limit
        self.used += accepted
        headers = {"X-RateLimit-Limit": str(self.limit), "X-RateLimit-Remaining": str(self.limit - self.used)}
        told = {**headers, "X-RateLimit-Reset": f"{rest:.3f}"} if self.headers else {}
        return (
            Reaction(201, told) if accepted else Reaction(429, {**told, "Retry-After": f"{rest + 0.001:.3f}"})
        )


def used(partner: Partner, limit: int, seconds: float) -> float:
    accepted = partner.times(201)
    windows = int((accepted[-1] - accepted[0]) / seconds)
    return sum(moment < accepted[0] + windows * seconds for moment in accepted) / (limit * windows)


@pytest.mark.slow  # real time: the simulated clock of test_limiter.py shows the same
def test_an_allowance_that_nobody_names_is_learned_from_one_refusal_and_used() -> None:
    with served(Window(40, 2.0)) as partner:
        answers = send_many(client_of(partner), 165, threads=1)
    assert all(isinstance(answer, Answer) and answer.ok for answer in answers)
    assert len(partner.times(429)) == 1
    assert used(partner, 40, 2.0) >= 0.95
    (refused,) = partner.times(429)
    assert min(moment for moment in partner.times(201) if moment > refused) - partner.times(201)[0] >= 2.0


@pytest.mark.slow  # real time: the simulated clock of test_limiter.py shows the same
def test_an_allowance_in_headers_is_used_by_four_threads_without_a_refusal() -> None:
    with served(Window(40, 1.5, headers=True)) as partner:
        send_many(client_of(partner, in_flight=4), 165, threads=4)
    assert (len(partner.times(201)), len(partner.times(429))) == (165, 0)
    assert used(partner, 40, 1.5) >= 0.95


@pytest.mark.slow  # real time: the simulated clock of test_limiter.py shows the same
def test_a_rate_in_the_contract_is_kept_by_eight_threads_and_used() -> None:
    with served(Window(10_000, 60)) as partner:
        send_many(client_of(partner, in_flight=8, per_second=40), 100, threads=8)
    moments = partner.times(201)
    # Fifty milliseconds are this machine's: a busy one holds requests up before they arrive.
    assert max(sum(first <= m < first + 0.95 for m in moments) for first in moments) <= 40
    assert 99 / (moments[-1] - moments[0]) >= 0.95 * 40


@pytest.mark.slow
@pytest.mark.parametrize("in_flight", [1, 2])
def test_a_hundred_requests_a_minute_are_used_over_four_minutes(in_flight: int) -> None:
    with served(Window(100, 60)) as partner:
        send_many(client_of(partner, in_flight=in_flight), 395, threads=in_flight)
    assert used(partner, 100, 60) >= 0.95
    assert len(partner.times(429)) / len(partner.requests) < 0.01


def test_a_wait_given_as_a_date_is_kept_by_all_threads() -> None:
    def react(partner: Partner, *_: str) -> Reaction:
        if len(partner.requests) == 3:
            return Reaction(429, {"Retry-After": formatdate(time.time() + 2, usegmt=True)})
        return Reaction(after=0.05)

    with served(react) as partner:
        answers = send_many(client_of(partner, in_flight=3), 9, threads=3)
    (refused,) = partner.times(429)
    assert all(isinstance(answer, Answer) and answer.ok for answer in answers)
    # Two others may have been on their way; a date is cut to whole seconds.
    later = [moment for moment in partner.times(201) if moment > refused + 0.5]
    assert min(later) - refused >= 1.0
    assert len(later) >= 4


def test_waiting_is_no_failure_and_uses_up_no_try(quick: None) -> None:
    def react(partner: Partner, *_: str) -> Reaction:
        return Reaction(429, {"Retry-After": "0.05"}) if len(partner.requests) < 9 else Reaction()

    with served(react) as partner:
        answer = client_of(partner).call("post", "/things", {}, repeat=False)
    assert (answer.ok, answer.requests, answer.lost) == (True, 10, False)


def test_a_partner_that_only_ever_asks_to_wait_is_given_up(quick: None) -> None:
    with served(lambda *_: Reaction(429, {"Retry-After": "0"})) as partner:
        client = client_of(partner)
        with pytest.raises(PartnerStopped, match="it asked to wait 20 times in a row; given up for this run"):
            client.call("get", "/things")
    assert len(partner.requests) == 20


@pytest.mark.slow  # real time: the simulated clock of test_limiter.py shows the same
def test_a_partner_that_bears_two_at_once_gets_its_records_from_eight_threads() -> None:
    inside = threading.Semaphore(2)

    class Crowd:
        def __call__(self, partner: Partner, *_: str) -> Reaction:
            if not inside.acquire(blocking=False):
                return Reaction(429, {"Retry-After": "1"})
            threading.Timer(0.03, inside.release).start()
            return Reaction(after=0.035)

    with served(Crowd()) as partner:
        answers = send_many(client_of(partner, in_flight=8), 150, threads=8)
    assert all(isinstance(answer, Answer) and answer.ok for answer in answers)
    assert len(partner.times(429)) <= 12


@pytest.mark.parametrize("threads", [1, 16])
def test_a_dead_partner_is_asked_twenty_times_whatever_the_number_of_threads(
    quick: None, threads: int
) -> None:
    with served(lambda *_: Reaction(503, after=0.02)) as partner:
        client = client_of(partner, in_flight=threads)
        outcomes = send_many(client, 200, threads, repeat=True)
    assert len(partner.requests) == 20
    why = "20 requests in a row failed (the last one: status 503); given up for this run"
    assert client.stopped == why
    assert {str(outcome) for outcome in outcomes if isinstance(outcome, PartnerStopped)} == {why}


def test_a_partner_that_cannot_be_reached_is_given_up_and_nothing_is_in_doubt(quick: None) -> None:
    with served(lambda *_: Reaction()) as partner:
        pass
    client = client_of(partner, in_flight=4)
    outcomes = send_many(client, 100, threads=4)
    assert (
        client.stopped == "20 requests in a row failed (the last one: no connection); given up for this run"
    )
    assert not any(outcome.lost for outcome in outcomes)


def test_a_partner_that_comes_back_gets_everything(quick: None) -> None:
    def react(partner: Partner, *_: str) -> Reaction:
        return Reaction(502 if 10 <= len(partner.requests) < 22 else 201)

    with served(react) as partner:
        answers = send_many(client_of(partner, in_flight=4), 40, threads=4, repeat=True)
    assert all(isinstance(answer, Answer) and answer.ok for answer in answers)


def test_a_failure_of_one_record_is_left_after_five_tries(quick: None) -> None:
    def react(partner: Partner, method: str, path: str, auth: str) -> Reaction:
        return Reaction(500 if path.endswith("/7") else 201)

    with served(react) as partner:
        answers = send_many(client_of(partner), 12, threads=1, repeat=True)
    assert [a.status for a in answers if isinstance(a, Answer)] == [*[201] * 7, 500, *[201] * 4]
    assert len(partner.times(500)) == 5


@pytest.mark.parametrize(
    "reaction", [Reaction(None), Reaction(500), Reaction(200, {}, "<html>", "text/html")]
)
def test_a_create_that_may_have_arrived_is_not_sent_again(quick: None, reaction: Reaction) -> None:
    with served(lambda *_: reaction) as partner:
        answer = client_of(partner).call("post", "/things", {}, repeat=False)
    assert (answer.ok, answer.lost, answer.requests, len(partner.requests)) == (False, True, 1, 1)


@pytest.mark.parametrize("bad", [Reaction(None), Reaction(408), Reaction(200, {}, "<html>", "text/html")])
def test_what_may_be_repeated_is_repeated_until_it_goes_through(quick: None, bad: Reaction) -> None:
    with served(lambda partner, *_: bad if len(partner.requests) < 3 else Reaction(200)) as partner:
        answer = client_of(partner).call("patch", "/things/1", {})
    assert (answer.ok, answer.body, answer.requests) == (True, {"id": 1}, 4)


def test_an_answer_that_does_not_come_in_time_is_lost(quick: None) -> None:
    with served(lambda *_: Reaction(after=0.6)) as partner:
        answer = client_of(partner, timeout=0.2).call("post", "/things", {}, repeat=False)
    assert (answer.status, answer.problem, answer.lost) == (None, "timeout", True)


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with served(lambda *_: Reaction(302, {"Location": "/elsewhere"})) as partner:
        answer = client_of(partner).call("get", "/things")
    assert (answer.status, answer.ok, len(partner.requests)) == (302, False, 1)


def test_a_netrc_on_the_machine_does_not_replace_the_login(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    seen: list[str] = []

    def react(partner: Partner, method: str, path: str, auth: str) -> Reaction:
        seen.append(auth)
        return Reaction()

    with served(react) as partner:
        client_of(partner).call("get", "/things")
    assert seen == [f"Bearer {TOKEN}"]


def by_password(client: Client) -> tuple[dict[str, str], float | None]:
    answer = client.send("post", "/login", {"password": TOKEN})
    if not answer.ok:
        client.stop_for_login(answer.status)
    return {"Authorization": str(answer.body["token"])}, None


class Doorman:
    """Gives out tokens; each is good for so many requests."""

    def __init__(self, good_for: int = 10**6, bad: tuple[int, ...] = ()):
        self.good_for, self.bad = good_for, list(bad)
        self.current, self.served = 0, 0

    def __call__(self, partner: Partner, method: str, path: str, auth: str) -> Reaction:
        if path == "/login":
            if self.bad:
                return Reaction(self.bad.pop(0))
            self.current, self.served = self.current + 1, 0
            return Reaction(200, {}, json.dumps({"token": str(self.current)}))
        self.served += 1
        good = auth == str(self.current) and self.served <= self.good_for
        return Reaction(201 if good else 401, after=0.01)


def test_eight_threads_log_in_once_and_once_again_when_the_login_runs_out() -> None:
    with served(Doorman(good_for=40)) as partner:
        answers = send_many(client_of(partner, in_flight=8, login=by_password), 60, threads=8)
    assert all(isinstance(answer, Answer) and answer.ok for answer in answers)
    assert [path for _, _, path, _ in partner.requests].count("/login") == 2


def test_a_login_that_fails_for_a_moment_is_tried_again(quick: None) -> None:
    with served(Doorman(bad=(503, 502))) as partner:
        answers = send_many(client_of(partner, in_flight=4, login=by_password), 8, threads=4)
    assert all(isinstance(answer, Answer) and answer.ok for answer in answers)
    assert [path for _, _, path, _ in partner.requests].count("/login") == 3


def test_a_login_that_keeps_failing_is_not_laid_to_the_credentials(quick: None) -> None:
    with served(Doorman(bad=(503,) * 9)) as partner:
        (outcome,) = send_many(client_of(partner, login=by_password), 1, threads=1)
    assert str(outcome) == "the login answered 503; try again later"
    assert len(partner.requests) == 5


def test_a_refused_login_is_tried_once_and_told_to_every_thread_in_the_same_words() -> None:
    with served(Doorman(bad=(403,) * 9)) as partner:
        outcomes = send_many(client_of(partner, in_flight=8, login=by_password), 30, threads=8)
    assert {str(outcome) for outcome in outcomes} == {
        "the login answered 403; check the credentials and the address"
    }
    assert len(partner.requests) == 1
    assert not any(TOKEN in str(outcome) or "/things" in str(outcome) for outcome in outcomes)


def test_a_login_that_is_given_but_not_taken_ends_the_partner() -> None:
    with served(Doorman(good_for=0)) as partner:
        (outcome,) = send_many(client_of(partner, login=by_password), 1, threads=1)
    assert str(outcome) == "the partner refused the login (401); check the credentials"
    assert [status for _, _, _, status in partner.requests] == [200, 401, 200, 401]


def test_a_login_that_lasts_seconds_only_is_not_renewed_for_every_request() -> None:
    def short(client: Client) -> tuple[dict[str, str], float | None]:
        headers, _ = by_password(client)
        return headers, time.time() + 20

    with served(Doorman()) as partner:
        send_many(client_of(partner, login=short), 5, threads=1)
    assert [path for _, _, path, _ in partner.requests].count("/login") == 1


@pytest.mark.slow  # real time: the simulated clock of test_limiter.py shows the same
def test_sixteen_threads_are_kept_busy() -> None:
    with served(lambda *_: Reaction(after=0.05)) as partner:
        began = time.monotonic()
        send_many(client_of(partner, in_flight=16), 320, threads=16)
        seconds = time.monotonic() - began
    # 320 requests of 50 ms, sixteen at a time, are a second; other work on the machine may take its share.
    assert seconds < 2.5
