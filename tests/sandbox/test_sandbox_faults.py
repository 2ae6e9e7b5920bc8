"""Faults that the sandbox deals on purpose: what the caller sees, and what the partner has done all the same."""

import re
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests

from pipelines.sandbox.play.store import LoggedRequest
from pipelines.sandbox.server import Sandbox
from tests.sandbox.api import Api

SetOption = Callable[[str, str, str], None]
UNITS = "/v1/units"
BY_MAIL = {"isContactableByEmail": False, "isContactableByPush": False, "isContactableByMail": True}
numbers = count(1)


def new_id() -> str:
    return f"F-{next(numbers):05}"


def held(sandbox: Sandbox) -> set[str]:
    """External ids of the units at KIWI."""
    return {record["external_id"] for record in sandbox.records("kiwi", "verwaltungseinheiten")}


def last(sandbox: Sandbox, partner: str = "kiwi") -> LoggedRequest:
    return sandbox.requests(partner)[-1]


def create(api: Api, id: str) -> requests.Response:
    return api("post", UNITS, {"external_id": id, "name": "WE"})


def outcome(api: Api, id: str) -> str:
    """What the caller sees of a create."""
    try:
        return str(create(api, id).status_code)
    except requests.RequestException as error:
        return type(error).__name__


@pytest.mark.parametrize(
    ("mode", "status"), [("error_rate", 500), ("html_rate", 502), ("throttle_rate", 429)]
)
def test_a_fault_before_processing_leaves_no_record(
    kiwi: Api, sandbox: Sandbox, option: SetOption, mode: str, status: int
) -> None:
    option("kiwi", mode, "100")
    id_ = new_id()
    assert create(kiwi, id_).status_code == status
    assert id_ not in held(sandbox)
    entry = last(sandbox)
    assert (entry.status, entry.processed, entry.fault) == (status, False, mode.removesuffix("_rate"))


@pytest.mark.parametrize("status", ["500", "502", "503", "504", "408"])
def test_an_error_has_the_status_that_is_set_and_the_partners_form(
    kiwi: Api, option: SetOption, status: str
) -> None:
    option("kiwi", "error_rate", "100")
    option("kiwi", "error_status", status)
    answer = kiwi.get(UNITS)
    assert answer.status_code == int(status)
    assert answer.json() == {
        "status": "error",
        "error": {"code": "internal_error", "message": "Something went wrong.", "field": None},
    }


def test_an_error_after_processing_hides_a_record_that_was_made(
    kiwi: Api, sandbox: Sandbox, option: SetOption
) -> None:
    option("kiwi", "error_after_rate", "100")
    option("kiwi", "error_status", "504")
    id_ = new_id()
    assert create(kiwi, id_).status_code == 504
    assert id_ in held(sandbox)
    entry = last(sandbox)
    assert (entry.status, entry.processed, entry.fault) == (504, True, "error_after")


def test_a_gateways_page_is_html(kiwi: Api, option: SetOption) -> None:
    option("kiwi", "html_rate", "100")
    answer = kiwi.get(UNITS)
    assert answer.status_code == 502
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize(("mode", "is_made"), [("cut_before_rate", False), ("cut_after_rate", True)])
def test_a_cut_connection_gives_no_answer_whatever_was_done(
    kiwi: Api, sandbox: Sandbox, option: SetOption, mode: str, is_made: bool
) -> None:
    kiwi.get(UNITS)  # the connection is open, as it is in the middle of a push
    option("kiwi", mode, "100")
    id_ = new_id()
    with pytest.raises(requests.ConnectionError, match=r"RemoteDisconnected|reset"):
        create(kiwi, id_)
    assert (id_ in held(sandbox)) is is_made
    entry = last(sandbox)
    assert (entry.status, entry.processed, entry.fault) == (0, is_made, mode.removesuffix("_rate"))


def test_a_connection_that_is_cut_in_the_answer_shows_half_of_it(
    kiwi: Api, sandbox: Sandbox, option: SetOption
) -> None:
    option("kiwi", "cut_during_rate", "100")
    id_ = new_id()
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        create(kiwi, id_)
    assert id_ in held(sandbox)
    assert (last(sandbox).status, last(sandbox).processed) == (0, True)


def test_a_request_that_is_refused_is_not_processed_even_if_its_answer_is_lost(
    kiwi: Api, sandbox: Sandbox, option: SetOption
) -> None:
    option("kiwi", "cut_after_rate", "100")
    with pytest.raises(requests.ConnectionError):
        kiwi("post", UNITS, {"name": 7})
    assert (last(sandbox).status, last(sandbox).processed) == (0, False)


def test_cutting_one_connection_leaves_the_others_alone(kiwi: Api, etg24: Api, option: SetOption) -> None:
    assert etg24.get("/objects").status_code == 200
    option("kiwi", "cut_before_rate", "100")
    option("etg24", "latency_ms", "300")
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(etg24.get, "/objects")
        time.sleep(0.1)
        with pytest.raises(requests.ConnectionError):
            kiwi.get(UNITS)
        assert slow.result().status_code == 200


def test_the_log_tells_records_that_were_made_from_answers_that_were_seen(
    kiwi: Api, sandbox: Sandbox, option: SetOption
) -> None:
    option("kiwi", "fault_seed", "3")
    for mode in ("error_rate", "cut_before_rate", "cut_after_rate", "error_after_rate"):
        option("kiwi", mode, "20")
    before, start = len(sandbox.requests("kiwi")), len(held(sandbox))
    seen = Counter(outcome(kiwi, new_id()) for _ in range(101))
    entries = sandbox.requests("kiwi")[before:]
    assert len(entries) == 101
    assert len(held(sandbox)) - start == sum(entry.processed for entry in entries)
    assert seen["201"] < sum(entry.processed for entry in entries) < 101
    assert seen["ConnectionError"] == sum(entry.status == 0 for entry in entries)


def faults_of(sandbox: Sandbox, kiwi: Api, ids: list[str], at_once: int) -> dict[str, list[str]]:
    """External id → what the caller saw of its create, three times in a row."""
    with ThreadPoolExecutor(at_once) as pool:
        seen = pool.map(lambda id_: (id_, [outcome(kiwi, id_) for _ in range(3)]), ids)
        return dict(seen)


def test_the_same_seed_gives_the_same_faults_in_any_order(tmp_path: Path) -> None:
    options = {f"kiwi.{mode}_rate": "20" for mode in ("error", "html", "throttle")}
    ids = [f"S-{n:03}" for n in range(70)]
    found = []
    for turn, (seed, at_once) in enumerate([("11", 1), ("11", 8), ("12", 1)]):
        with Sandbox(tmp_path / f"{turn}.db", options={**options, "kiwi.fault_on": UNITS}) as sandbox:
            sandbox.set_option("kiwi", "fault_seed", seed)
            login = {"username": "sandbox", "password": "sandbox-kiwi"}
            answer = requests.post(sandbox.base_url("kiwi") + "/v1/session", json=login, timeout=20)
            key = answer.json()["result"]["session_key"]
            api = Api(sandbox.base_url("kiwi"), {"session-key": key})
            order = ids if at_once == 1 else ids[::-1]
            found.append(faults_of(sandbox, api, order, at_once))
    assert found[0] == found[1]
    assert found[0] != found[2]
    shares = Counter(status for seen in found[0].values() for status in seen)
    # 210 requests, 20 % each: 42, with a standard deviation of 6.
    assert all(24 <= shares[status] <= 60 for status in ("500", "502", "429"))


def test_setting_the_seed_again_repeats_the_faults(kiwi: Api, option: SetOption) -> None:
    option("kiwi", "error_rate", "50")
    option("kiwi", "fault_seed", "5")
    first = [kiwi.get(UNITS, external_id=f"R-{n}").status_code for n in range(23)]
    option("kiwi", "fault_seed", "5")
    assert [kiwi.get(UNITS, external_id=f"R-{n}").status_code for n in range(23)] == first
    assert set(first) == {200, 500}


def test_faults_end_after_so_many(kiwi: Api, option: SetOption) -> None:
    option("kiwi", "error_rate", "100")
    option("kiwi", "fault_limit", "3")
    assert [kiwi.get(UNITS).status_code for _ in range(5)] == [500, 500, 500, 200, 200]


def test_faults_can_be_kept_to_some_requests(kiwi: Api, option: SetOption) -> None:
    option("kiwi", "error_rate", "100")
    option("kiwi", "fault_on", "^POST /v1/units$")
    assert kiwi.get(UNITS).status_code == 200
    assert create(kiwi, new_id()).status_code == 500


# ---- slow


def test_latency_has_jitter_and_a_slow_share(kiwi: Api, sandbox: Sandbox, option: SetOption) -> None:
    option("kiwi", "latency_ms", "20")
    option("kiwi", "jitter_ms", "60")
    option("kiwi", "slow_rate", "25")
    option("kiwi", "slow_ms", "150")
    before = len(sandbox.requests("kiwi"))
    seconds = []
    for number in range(20):
        began = time.perf_counter()
        assert kiwi.get(UNITS, external_id=f"L-{number}").status_code == 200
        seconds.append(time.perf_counter() - began)
    slow = [entry.fault == "slow" for entry in sandbox.requests("kiwi")[before:]]
    assert 1 <= sum(slow) <= 12
    for taken, is_slow in zip(seconds, slow, strict=True):
        assert taken >= (0.17 if is_slow else 0.02)  # how much longer a busy machine takes, nobody knows
    assert max(seconds) - min(seconds) > 0.03


def test_slow_answers_do_not_wait_for_each_other(kiwi: Api, option: SetOption) -> None:
    option("kiwi", "latency_ms", "500")
    began = time.perf_counter()
    answers = kiwi.get_at_once(UNITS, 16)
    assert {answer.status_code for answer in answers} == {200}
    assert 0.5 <= time.perf_counter() - began < 7.0  # one after the other: 8 s


# ---- down


@pytest.mark.parametrize("seconds", ["0", "600"])
def test_a_partner_that_is_down_answers_503_and_does_nothing(
    kiwi: Api, etg24: Api, sandbox: Sandbox, option: SetOption, seconds: str
) -> None:
    option("kiwi", "down", "503")
    option("kiwi", "down_seconds", seconds)
    id_ = new_id()
    answer = create(kiwi, id_)
    assert answer.status_code == 503
    assert answer.headers.get("retry-after") == (None if seconds == "0" else "600")
    assert (last(sandbox).processed, last(sandbox).fault) == (False, "down")
    assert etg24.get("/objects").status_code == 200
    option("kiwi", "down", "no")
    assert id_ not in held(sandbox)
    assert create(kiwi, id_).status_code == 201


def test_a_partner_is_down_for_a_while(kiwi: Api, option: SetOption) -> None:
    option("kiwi", "down", "reset")
    option("kiwi", "down_seconds", "1")
    time.sleep(1.1)  # the time begins with the first request
    with pytest.raises(requests.ConnectionError):
        kiwi.get(UNITS)
    time.sleep(0.5)
    with pytest.raises(requests.ConnectionError):
        kiwi.get(UNITS)
    time.sleep(0.6)
    assert kiwi.get(UNITS).status_code == 200


def test_connections_are_refused_while_unreachable_and_taken_again_afterwards(
    kiwi: Api, sandbox: Sandbox
) -> None:
    id_ = new_id()
    create(kiwi, id_)
    for _ in range(2):
        before = len(sandbox.requests("kiwi"))
        with sandbox.unreachable():
            with pytest.raises(requests.ConnectionError, match="refused"):
                kiwi.get(UNITS)
            assert len(sandbox.requests("kiwi")) == before
        assert kiwi.get(UNITS, external_id=id_).status_code == 200


def test_a_sandbox_can_end_while_it_is_unreachable(state: Path) -> None:
    with Sandbox(state) as sandbox, sandbox.unreachable():
        port = sandbox.port
    with Sandbox(state, port=port) as again:
        assert requests.get(again.url, timeout=20).status_code == 200


# ---- logins that end


def login(partner: str, sandbox: Sandbox) -> dict[str, str]:
    """Headers of a new login."""
    base = sandbox.base_url(partner)
    if partner == "etg24":
        return {"Authorization": "Bearer sandbox-etg24"}
    path, body = {
        "facilioo": ("/api/auth/login", {"email": "sandbox@example.org", "password": "sandbox-facilioo"}),
        "plentific": ("/2023-02-01/token", {"client_id": "sandbox", "client_secret": "sandbox-plentific"}),
        "kiwi": ("/v1/session", {"username": "sandbox", "password": "sandbox-kiwi"}),
    }[partner]
    answer: Any = requests.post(base + path, json=body, timeout=20).json()
    if partner == "kiwi":
        return {"session-key": answer["result"]["session_key"]}
    return {"Authorization": f"Bearer {answer.get('accessToken') or answer['access_token']}"}


LISTS = {
    "etg24": "/v1/objects",
    "facilioo": "/api/tenants",
    "kiwi": "/v1/units",
    "plentific": "/2023-02-01/tenants",
}


def status(partner: str, sandbox: Sandbox, headers: dict[str, str]) -> int:
    return requests.get(sandbox.base_url(partner) + LISTS[partner], headers=headers, timeout=20).status_code


@pytest.mark.parametrize("partner", ["facilioo", "kiwi", "plentific"])
def test_a_new_epoch_ends_all_logins_and_a_new_login_helps(
    sandbox: Sandbox, option: SetOption, partner: str
) -> None:
    old = login(partner, sandbox)
    assert status(partner, sandbox, old) == 200
    option(partner, "token_epoch", "1")
    assert status(partner, sandbox, old) == 401
    new = login(partner, sandbox)
    assert [status(partner, sandbox, headers) for headers in (new, old)] == [200, 401]


def test_the_refresh_token_of_facilioo_ends_with_the_epoch_too(sandbox: Sandbox, option: SetOption) -> None:
    base = sandbox.base_url("facilioo")
    body = {"email": "sandbox@example.org", "password": "sandbox-facilioo"}
    token = requests.post(base + "/api/auth/login", json=body, timeout=20).json()["refreshToken"]
    option("facilioo", "token_epoch", "7")
    refused = requests.post(base + "/api/auth/refresh", json={"refreshToken": token}, timeout=20)
    assert refused.status_code == 401


def test_a_new_epoch_withdraws_the_token_of_etg24_until_it_is_over(
    sandbox: Sandbox, option: SetOption
) -> None:
    option("etg24", "token_epoch", "1")
    assert status("etg24", sandbox, login("etg24", sandbox)) == 401
    option("etg24", "token_epoch", "0")
    assert status("etg24", sandbox, login("etg24", sandbox)) == 200


@pytest.mark.parametrize("partner", ["facilioo", "kiwi", "plentific", "etg24"])
def test_a_login_ends_after_so_many_requests(sandbox: Sandbox, option: SetOption, partner: str) -> None:
    option(partner, "token_requests", "3")
    first = login(partner, sandbox)
    assert [status(partner, sandbox, first) for _ in range(5)] == [200, 200, 200, 401, 401]
    renewed = status(partner, sandbox, login(partner, sandbox))
    assert renewed == (401 if partner == "etg24" else 200)  # etg24 has nothing to log in with anew
    option(partner, "token_requests", "0")
    assert status(partner, sandbox, first) == 200


# ---- rejects


def test_records_whose_external_id_matches_are_refused_in_the_partners_form(
    etg24: Api, sandbox: Sandbox, option: SetOption
) -> None:
    known = etg24.new("/objects", title="first", extId="R-0017")
    option("etg24", "reject_pattern", "^R-.*7$")
    refused = etg24("post", "/objects", {"title": "second", "extId": "R-0027"})
    assert refused.status_code == 422
    assert refused.json()["error"]["details"] == [{"field": "extId", "message": "is not accepted"}]
    assert etg24("post", "/objects", {"title": "third", "extId": "R-0028"}).status_code == 201
    assert etg24("patch", f"/objects/{known['id']}", {"title": "again"}).status_code == 422
    assert (last(sandbox, "etg24").processed, last(sandbox, "etg24").status) == (False, 422)
    option("etg24", "reject_pattern", "")
    assert etg24("patch", f"/objects/{known['id']}", {"title": "again"}).status_code == 200


def test_records_are_refused_by_any_field_nested_ones_too(etg24: Api, option: SetOption) -> None:
    objekt = etg24.new("/objects", title="Uferstr. 7")
    option("etg24", "reject_field", "address.street")
    option("etg24", "reject_pattern", "^Gerichtstr")
    path = f"/objects/{objekt['id']}/addresses"
    address = {"houseNumber": "1", "postalCode": "13347", "city": "Berlin", "country": "DE"}
    refused = etg24("post", path, {"address": {**address, "street": "Gerichtstr."}})
    assert refused.status_code == 422
    assert refused.json()["error"]["details"][0]["field"] == "address.street"
    assert etg24("post", path, {"address": {**address, "street": "Uferstr."}}).status_code == 201


def test_external_ids_that_come_later_are_refused_too(facilioo: Api, option: SetOption) -> None:
    party = facilioo.new("/api/parties", typeId=7, primaryName="Ada Muster", **BY_MAIL)
    option("facilioo", "reject_pattern", "^B-")
    path = f"/api/parties/{party['id']}/external-ids"
    refused = facilioo("put", path, ["A-1", "B-1"])
    assert refused.status_code == 400
    assert refused.json()["errors"] == {"externalId": ["is not accepted"]}
    assert facilioo("put", path, ["A-1"]).status_code == 200


# ---- how long to wait


@pytest.mark.parametrize("form", ["seconds", "date", "none"])
def test_throttled_requests_are_told_how_long_to_wait(
    kiwi: Api, sandbox: Sandbox, option: SetOption, form: str
) -> None:
    option("kiwi", "throttle_rate", "100")
    option("kiwi", "retry_after", "7")
    option("kiwi", "retry_after_form", form)
    began = time.time()
    answer = kiwi.get(UNITS)
    assert answer.status_code == 429
    value, noted = answer.headers.get("retry-after"), last(sandbox).retry_at
    if form == "none":
        assert (value, noted) == (None, None)
        return
    assert value
    assert noted
    until = began + int(value) if form == "seconds" else parsedate_to_datetime(value).timestamp()
    assert bool(re.fullmatch(r"\d+", value)) is (form == "seconds")
    assert 7 <= until - began <= 8.5
    assert abs(datetime.fromisoformat(noted).astimezone(UTC).timestamp() - until) < 0.5
