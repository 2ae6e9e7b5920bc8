"""iDWELL as the sandbox plays it: each rule that its sheet asks of a simulator."""

from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
import requests

from pipelines.sandbox.server import Sandbox
from tests.sandbox.api import Api

BASIC = ("sandbox", "sandbox-idwell-client")
LOGIN = {"grant_type": "password", "username": "sandbox@example.org", "password": "sandbox-idwell"}
numbers = count(1)


def login(sandbox: Sandbox, basic: tuple[str, str] = BASIC, **changes: str) -> requests.Response:
    address = sandbox.base_url("idwell") + "/api/oauth/token/"
    return requests.post(address, data={**LOGIN, **changes}, auth=basic, timeout=20)


@pytest.fixture
def idwell(sandbox: Sandbox) -> Api:
    token = login(sandbox).json()["access_token"]
    return Api(sandbox.base_url("idwell"), {"Authorization": f"Bearer {token}"})


def user(api: Api, **body: Any) -> requests.Response:
    return api("post", "/api/v1/users/", {"external_id": f"P{next(numbers)}", "role": "dweller", **body})


def test_the_login_takes_a_form_and_basic_and_says_how_long_the_token_lasts(sandbox: Sandbox) -> None:
    given = login(sandbox)
    assert (given.status_code, given.json()["token_type"], given.json()["expires_in"]) == (
        200,
        "Bearer",
        36000,
    )


@pytest.mark.parametrize("changes", [{"password": "wrong"}, {"grant_type": "client_credentials"}])
def test_a_wrong_login_is_answered_as_oauth_does(sandbox: Sandbox, changes: dict[str, str]) -> None:
    assert (login(sandbox, **changes).json()["error"], login(sandbox, ("sandbox", "x")).status_code) == (
        "invalid_grant",
        401,
    )


def test_without_a_token_nothing_is_shown(sandbox: Sandbox) -> None:
    refused = Api(sandbox.base_url("idwell")).get("/api/v1/buildings/")
    assert (refused.status_code, list(refused.json())) == (401, ["detail"])


def test_a_user_needs_an_email_or_a_phone(idwell: Api) -> None:
    refused = user(idwell, last_name="Muster")
    assert (refused.status_code, list(refused.json())) == (400, ["email"])
    assert user(idwell, phone="+4930100001").status_code == 201


def test_no_two_users_have_one_email_or_one_phone(idwell: Api) -> None:
    first = user(idwell, email="eins@example.org", phone="+4930200001")
    assert first.status_code == 201
    assert user(idwell, email="eins@example.org").json() == {
        "email": ["user with this email already exists."]
    }
    assert list(user(idwell, phone="+4930200001").json()) == ["phone"]
    second = user(idwell, email="zwei@example.org").json()
    taken = idwell("patch", f"/api/v1/users/{second['id']}/", {"email": "eins@example.org"})
    assert (taken.status_code, list(taken.json())) == (400, ["email"])
    assert idwell("patch", f"/api/v1/users/{first.json()['id']}/", {"email": "eins@example.org"}).ok


def test_the_status_is_read_only_and_follows_from_the_links(idwell: Api) -> None:
    assert list(user(idwell, email="status@example.org", status="ACTIVE").json()) == ["status"]
    number = f"001/{next(numbers)}"
    building = idwell.new("/api/v1/buildings/", external_id=number, name="Park")["id"]
    flat = idwell.new("/api/v1/flats/", external_id=f"{number}/1", building=building, number="1")["id"]
    person = user(idwell, email="mieter@example.org").json()
    assert person["status"] == "INVITED"
    link = {
        "external_id": f"{number}/1/01",
        "user": person["id"],
        "role": "dweller",
        "start_date": "2020-01-01",
    }
    made = idwell.new(f"/api/v1/flats/{flat}/users/", **link)
    yesterday = (date.today() - timedelta(days=1)).isoformat()
    assert idwell("patch", f"/api/v1/flats/{flat}/users/{made['id']}/", {"end_date": yesterday}).ok
    assert idwell.get(f"/api/v1/users/{person['id']}/").json()["status"] == "BLOCKED"
    assert idwell("delete", f"/api/v1/flats/{flat}/users/{made['id']}/").status_code == 204


def test_an_external_id_is_unique_and_looks_a_record_up(idwell: Api) -> None:
    number = f"001/{next(numbers)}"
    made = idwell.new("/api/v1/buildings/", external_id=number, name="Park")
    again = idwell("post", "/api/v1/buildings/", {"external_id": number, "name": "Hof"})
    assert (again.status_code, list(again.json())) == (400, ["external_id"])
    found = idwell.get("/api/v1/buildings/", external_id=number).json()
    assert (found["count"], [record["id"] for record in found["results"]]) == (1, [made["id"]])


def test_an_unknown_building_is_refused_and_an_unknown_record_not_found(idwell: Api) -> None:
    flat = {"external_id": f"F{next(numbers)}", "building": 999999, "number": "1"}
    refused = idwell("post", "/api/v1/flats/", flat)
    assert (refused.status_code, list(refused.json())) == (400, ["building"])
    assert idwell.get("/api/v1/users/999999/").status_code == 404
