"""KIWI as the sandbox plays it: the documented session, and the records that this project proposes."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
import requests

from pipelines.sandbox.server import Sandbox
from tests.sandbox.api import Api

SetOption = Callable[[str, str, str], None]
LOGIN = {"username": "sandbox", "password": "sandbox-kiwi"}
numbers = count(1)


def new_id() -> str:
    return f"001.{next(numbers):04}"


@pytest.fixture
def unit(kiwi: Api) -> Any:
    return kiwi.new("/v1/units", external_id=new_id(), name="WE 1")["result"]["unit"]


@pytest.fixture
def tenant(kiwi: Api) -> Any:
    body = {"last_name": "Muster", "email": "a.muster@example.org"}
    return kiwi.new("/v1/tenants", external_id=new_id(), **body)["result"]["tenant"]


def refused(response: requests.Response) -> tuple[int, str, str | None]:
    body = response.json()
    assert body["status"] == "error"
    return response.status_code, body["error"]["code"], body["error"]["field"]


def test_a_login_opens_a_session_of_eight_days(sandbox: Sandbox) -> None:
    answer = requests.post(sandbox.base_url("kiwi") + "/v1/session", json=LOGIN, timeout=20).json()
    session = answer["result"]["session"]
    assert answer["status"] == "ok"
    assert re.fullmatch("[0-9a-f]{32}", session["session_key"])
    assert answer["result"]["session_key"] == session["session_key"]
    enabled, expires, last = (
        datetime.fromisoformat(session[name]) for name in ("enabled", "expires", "max_expires")
    )
    assert timedelta(days=7.99) < expires - enabled < timedelta(days=8.01)
    assert timedelta(days=89.99) < last - enabled < timedelta(days=90.01)
    assert (session["username"], session["user_id"], session["organization_id"]) == ("sandbox", 1, 1)


def test_a_wrong_login_is_refused(sandbox: Sandbox) -> None:
    address = sandbox.base_url("kiwi") + "/v1/session"
    wrong = requests.post(address, json={**LOGIN, "password": "other"}, timeout=20)
    assert refused(wrong) == (401, "unauthorized", None)
    missing = requests.post(address, json={"username": "sandbox"}, timeout=20)
    assert refused(missing) == (400, "invalid", "password")


def test_an_expired_or_unknown_session_is_refused(sandbox: Sandbox, option: SetOption) -> None:
    option("kiwi", "session_seconds", "0")
    base = sandbox.base_url("kiwi")
    key = requests.post(base + "/v1/session", json=LOGIN, timeout=20).json()["result"]["session_key"]
    for headers in ({"session-key": key}, {"session-key": "0" * 32}, {}):
        assert refused(Api(base, headers).get("/v1/units")) == (401, "unauthorized", None)


def test_a_record_comes_under_its_name_and_flat(kiwi: Api, unit: Any) -> None:
    assert isinstance(unit["id"], int)
    answer = kiwi.get(f"/v1/units/{unit['id']}").json()
    assert answer == {"status": "ok", "result": {**unit, "unit": unit}}


def test_lists_come_under_the_plural_with_their_place(kiwi: Api) -> None:
    before = kiwi.get("/v1/units").json()["result"]["total"]
    made = [kiwi.new("/v1/units", external_id=new_id(), name=f"{n}")["result"]["id"] for n in range(5)]
    whole = kiwi.get("/v1/units", page_size=100).json()["result"]
    assert (whole["total"], [unit["id"] for unit in whole["units"]][-5:]) == (before + 5, made)
    piece = kiwi.get("/v1/units", page_size=2, page_number=2).json()["result"]
    assert (piece["page_number"], piece["page_size"], len(piece["units"])) == (2, 2, 2)
    assert kiwi.get("/v1/units", page_number=0).status_code == 400


def test_a_record_is_found_by_its_external_id(kiwi: Api, tenant: Any) -> None:
    found = kiwi.get("/v1/tenants", external_id=tenant["external_id"]).json()["result"]
    assert found == {"tenants": [tenant], "page_number": 1, "page_size": 20, "total": 1}
    assert kiwi.get("/v1/tenants", external_id="none").json()["result"]["tenants"] == []


def test_an_external_id_is_taken_once(kiwi: Api, unit: Any) -> None:
    answer = kiwi("post", "/v1/units", {"external_id": unit["external_id"], "name": "x"})
    assert refused(answer) == (409, "duplicate", None)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/units", {"name": "x"}, "external_id"),
        ("/v1/units", {"external_id": "x", "name": ""}, "name"),
        ("/v1/tenants", {"external_id": "x", "last_name": "x"}, "email"),
        ("/v1/tenants", {"external_id": "x", "last_name": "x", "email": "keine"}, "email"),
        ("/v1/units", {"external_id": "x", "name": "x", "address": {"street": 7}}, "address"),
    ],
)
def test_invalid_input_is_a_bad_request_that_names_the_field(
    kiwi: Api, path: str, body: Any, field: str
) -> None:
    assert refused(kiwi("post", path, body)) == (400, "invalid", field)


def test_a_lease_needs_a_unit_and_a_tenant_that_exist(kiwi: Api, unit: Any, tenant: Any) -> None:
    body = {
        "external_id": new_id(),
        "unit_id": unit["id"],
        "tenant_id": tenant["id"],
        "starts_at": "2024-04-01",
    }
    assert refused(kiwi("post", "/v1/leases", {**body, "unit_id": 999999})) == (
        422,
        "unknown_parent",
        "unit_id",
    )
    lease = kiwi.new("/v1/leases", **body)["result"]["lease"]
    assert kiwi.get("/v1/leases", tenant_id=tenant["id"]).json()["result"]["leases"] == [lease]
    assert refused(kiwi("delete", f"/v1/units/{unit['id']}")) == (409, "in_use", None)
    ended = kiwi("patch", f"/v1/leases/{lease['id']}", {"ends_at": "2026-03-31"}).json()["result"]
    assert (ended["ends_at"], ended["starts_at"]) == ("2026-03-31", "2024-04-01")


def test_a_record_without_references_is_deleted(kiwi: Api, unit: Any) -> None:
    assert kiwi("delete", f"/v1/units/{unit['id']}").status_code == 204
    assert refused(kiwi.get(f"/v1/units/{unit['id']}")) == (404, "not_found", None)
