"""The login of a contract: a form with HTTP Basic on a host of its own, tokens that end, answers that are none."""

import base64
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import pytest

from pipelines.api.connector import connector
from pipelines.api.http import client as client_module
from pipelines.api.http.client import Answer, Client, PartnerStopped
from pipelines.contract.contract import ContractError, load_contract, parse_contract
from pipelines.errors import SettingsError
from tests.loopback import Quiet, serving
from tests.push.site import Site

SECRET, PASSWORD = "s3cr3t+/=%&ä", "p4ss w&rd=ö"
Body = dict[str, Any] | str | None


@dataclass(frozen=True)
class Seen:
    """One request as a host got it."""

    method: str
    path: str
    headers: dict[str, str]
    body: str


@dataclass
class Host:
    """A small server; `answer` says status, body and headers for a request."""

    answer: Callable[["Host", Seen], tuple[int, Body, dict[str, str]]]
    seen: list[Seen] = field(default_factory=list)
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def host(answer: Callable[[Host, Seen], tuple[int, Body, dict[str, str]]]) -> Iterator[Host]:
    made = Host(answer)

    class Handler(Quiet):
        def reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            seen = Seen(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            with made.lock:
                made.seen.append(seen)
                status, answer, headers = made.answer(made, seen)
            content = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = reply

    with serving(Handler) as address:
        made.url = address
        yield made


def takes_last_token(made: Host, request: Seen) -> tuple[int, Body, dict[str, str]]:
    """An API that takes the token that was given out last; `made.url` stands for it until one was."""
    return (201, {"id": "1"}, {}) if request.headers.get("authorization") == Tokens.last else (401, {}, {})


class Tokens:
    """A login that gives out numbered tokens; `said` is what it tells of their lifetime."""

    last = ""

    def __init__(self, **said: Any):
        self.said = said

    def __call__(self, made: Host, _: Seen) -> tuple[int, Body, dict[str, str]]:
        Tokens.last = f"Bearer t{len(made.seen)}"
        return 200, {"access_token": f"t{len(made.seen)}", "token_type": "Bearer", **self.said}, {}


@dataclass
class Both:
    """API and login on two hosts, and the client of the one partner that uses them."""

    api: Host
    login: Host
    client: Client

    def send(self, number: int = 1, threads: int = 1) -> list[Answer | PartnerStopped]:
        def one(row: int) -> Answer | PartnerStopped:
            try:
                return self.client.call("post", f"/things/{row}", {"row": row}, repeat=False)
            except PartnerStopped as stop:
                return stop

        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(one, range(number)))


@pytest.fixture
def hosts(shapes: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Both]]:
    """Makes API and login; the settings are those of a user, the shape is `stated`."""
    with ExitStack() as stack:

        def make(login: Any, api: Any = takes_last_token) -> Both:
            first, second = stack.enter_context(host(api)), stack.enter_context(host(login))
            for key, value in {
                "BASE_URL": first.url,
                "LOGIN_BASE_URL": second.url,
                "CLIENT_ID": "hausverwaltung",
                "CLIENT_SECRET": SECRET,
                "PASSWORD": PASSWORD,
                "IN_FLIGHT": "16",
            }.items():
                monkeypatch.setenv(f"DESTINATION__STATED__{key}", value)
            client = connector("stated").client
            stack.callback(client.close)
            return Both(first, second, client)

        yield make


def test_a_login_is_a_form_with_basic_on_its_own_host_and_the_api_gets_the_token_alone(
    hosts: Callable[..., Both],
) -> None:
    both = hosts(Tokens(expires_in=300))
    (answer,) = both.send()
    assert isinstance(answer, Answer)
    assert answer.ok
    (login,), (call,) = both.login.seen, both.api.seen
    assert (login.method, login.path) == ("POST", "/auth/oauth2/token")
    assert login.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(login.body) == {
        "grant_type": ["password"],
        "username": ["stammdaten"],
        "password": ["p4ss w&rd=ö"],
    }
    assert (
        login.headers["authorization"]
        == "Basic " + base64.b64encode("hausverwaltung:s3cr3t+/=%&ä".encode()).decode()
    )
    assert (call.path, call.headers["authorization"]) == ("/v8/things/0", "Bearer t1")
    assert SECRET not in call.body
    assert PASSWORD not in json.dumps(call.headers)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"expires_in": 0},
        {"expires_in": -5},
        {"expires_in": "soon"},
        {"expires_in": True},
        {"expires_in": None},
        {"expires_in": 1e300},
    ],
)
def test_a_lifetime_that_cannot_be_is_taken_for_that_of_the_contract(
    hosts: Callable[..., Both], monkeypatch: pytest.MonkeyPatch, said: dict[str, Any]
) -> None:
    both = hosts(Tokens(**said))
    assert both.send(3)[-1].ok  # type: ignore[union-attr]
    assert len(both.login.seen) == 1
    now = time.time()
    monkeypatch.setattr(client_module.time, "time", lambda: now + 269)
    both.send()
    assert len(both.login.seen) == 1
    monkeypatch.setattr(client_module.time, "time", lambda: now + 272)
    both.send()
    assert len(both.login.seen) == 2
    assert [r.headers["authorization"] for r in both.api.seen][-2:] == ["Bearer t1", "Bearer t2"]


def test_a_token_of_300_seconds_is_renewed_half_a_minute_before_its_end(
    hosts: Callable[..., Both], monkeypatch: pytest.MonkeyPatch
) -> None:
    both = hosts(Tokens(expires_in="300"))
    both.send()
    now = time.time()
    monkeypatch.setattr(client_module.time, "time", lambda: now + 269)
    both.send()
    monkeypatch.setattr(client_module.time, "time", lambda: now + 271)
    answers = both.send(40, threads=16)
    assert all(isinstance(answer, Answer) and answer.ok for answer in answers)
    assert len(both.login.seen) == 2
    assert 401 not in {answer.status for answer in answers if isinstance(answer, Answer)}


def test_sixteen_threads_whose_token_is_refused_renew_it_once(hosts: Callable[..., Both]) -> None:
    both = hosts(Tokens(expires_in=300))
    both.send()
    Tokens.last = "withdrawn"
    answers = both.send(64, threads=16)
    assert all(isinstance(answer, Answer) and answer.ok for answer in answers)
    assert len(both.login.seen) == 2


def test_a_token_that_ends_while_its_request_waits_for_its_turn_is_renewed_before_it_goes(
    hosts: Callable[..., Both],
) -> None:
    asked = []

    def once_full(made: Host, request: Seen) -> tuple[int, Body, dict[str, str]]:
        asked.append(request.headers["authorization"])
        if len(asked) == 1:
            return 429, {}, {"Retry-After": "2"}
        return takes_last_token(made, request)

    both = hosts(Tokens(expires_in=1), once_full)
    (answer,) = both.send()
    assert isinstance(answer, Answer)
    assert answer.ok
    assert (len(asked), asked[0]) == (2, "Bearer t1")
    assert asked[1] != "Bearer t1"


def test_a_token_that_lasts_no_time_at_all_ends_no_run_in_a_circle(hosts: Callable[..., Both]) -> None:
    both = hosts(Tokens(expires_in=1e-9))
    (answer,) = both.send()
    assert isinstance(answer, Answer)
    assert answer.ok
    assert len(both.login.seen) <= 3


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((200, {}, {}), "without a token that can be used"),
        ((200, {"access_token": None, "error": "invalid_grant"}, {}), "without a token that can be used"),
        ((200, {"access_token": "t", "error": "denied"}, {}), "without a token that can be used"),
        ((200, {"access_token": "t", "success": False}, {}), "without a token that can be used"),
        ((200, {"access_token": "two\nlines"}, {}), "without a token that can be used"),
        ((200, {"access_token": {"secret": SECRET}}, {}), "without a token that can be used"),
        ((200, [], {}), "without a token that can be used"),
        ((400, {"error": "invalid_client", "error_description": SECRET}, {}), "answered 400"),
        ((302, "", {"Location": "https://elsewhere.example/auth/oauth2/token"}), "answered 302"),
        ((307, "", {"Location": "http://127.0.0.1:9/"}), "answered 307"),
    ],
)
def test_a_login_without_a_token_ends_the_partner_and_says_nothing_secret(
    hosts: Callable[..., Both], answer: Any, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    both = hosts(lambda made, request: answer)
    stops = both.send(20, threads=8)
    assert {type(stop) for stop in stops} == {PartnerStopped}
    assert said in str(stops[0])
    assert "check the credentials" in str(stops[0])
    assert len(both.login.seen) == 1
    assert both.api.seen == []
    told = caplog.text + "".join(map(repr, stops)) + repr(both.client.__dict__)
    for secret in (SECRET, PASSWORD, base64.b64encode(f"hausverwaltung:{SECRET}".encode()).decode()):
        assert secret not in told


def test_a_web_page_in_the_place_of_a_token_is_tried_again_and_then_ends_the_partner(
    hosts: Callable[..., Both], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "pause_before", lambda attempt, luck: 0.01)
    both = hosts(lambda made, request: (200, f"<html>{SECRET}</html>", {"Content-Type": "text/html"}))
    (stop,) = both.send()
    assert str(stop) == "the login gave no answer; check the credentials and the address"
    assert (len(both.login.seen), both.api.seen) == (5, [])


def test_without_a_login_host_of_its_own_a_base_address_stands_for_both(
    shapes: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = load_contract("stated")
    assert contract.login_url({}) == "https://login.stated.example/auth/oauth2/token"
    at = {"base_url": "https://test.example/x"}
    assert contract.login_url(at) == "https://test.example/x/auth/oauth2/token"
    assert contract.login_url({"base_url": "https://test.example/x/v8"}) == contract.login_url(at)
    other = {**at, "login_base_url": "https://id.example"}
    assert contract.login_url(other) == "https://id.example/auth/oauth2/token"
    assert contract.base_url(other) == "https://test.example/x/v8"
    monkeypatch.setenv("DESTINATION__STATED__LOGIN_BASE_URL", "http://id.example")
    with pytest.raises(SettingsError, match="DESTINATION__STATED__LOGIN_BASE_URL: http is allowed"):
        connector("stated")


def test_a_client_id_that_basic_cannot_carry_is_named_and_not_shown(
    shapes: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__STATED__CLIENT_ID", "haus:verwaltung")
    made = connector("stated")
    with pytest.raises(SettingsError, match="DESTINATION__STATED__CLIENT_ID: a colon") as told:
        made.client.call("get", "/buildings")
    assert "haus:" not in str(told.value)


def test_a_push_goes_on_over_tokens_that_end_in_the_middle_of_it(shapes: Site) -> None:
    shapes.sandbox.set_option("stated", "token_requests", "3")
    rows = {"haeuser": [{"external_id": f"1-{n}", "name": f"Haus {n}"} for n in range(7)]}
    line = shapes.sync("stated", rows)["haeuser"]
    assert (line.created, line.undelivered) == (7, 0)
    assert {r["externalId"] for r in shapes.sandbox.records("stated", "haeuser")} == {
        f"1-{n}" for n in range(7)
    }
    logins = [line for line in shapes.sent("stated") if "/oauth2/token" in line]
    assert set(logins) == {"POST /auth/oauth2/token 200"}
    assert 3 <= len(logins) <= 5


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"path": "/elsewhere"}, "with one body"),
        ({"basic": ["client_id"]}, "basic: two settings are needed"),
        ({"basic": ["client_id", "api_key"]}, "uses 'api_key', which is no credential"),
        ({"fields": {"password": "{pasword}"}}, "uses 'pasword', which is no credential"),
        ({"lifetime": 0}, "lifetime is 0"),
        ({"tokne": "x"}, "the key 'tokne' is not known"),
    ],
)
def test_a_contract_with_a_login_that_cannot_be_is_refused(
    shapes: Site, change: dict[str, Any], said: str
) -> None:
    document = json.loads(json.dumps(load_contract("stated").document))
    document["x-partner"]["login"] |= change
    with pytest.raises(ContractError, match=said):
        parse_contract("stated", document)
    document = json.loads(json.dumps(load_contract("stated").document))
    document["paths"]["/oauth2/token"]["servers"] = [{"url": "http://login.stated.example"}]
    with pytest.raises(ContractError, match="by https only"):
        parse_contract("stated", document)
