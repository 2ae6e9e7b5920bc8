"""dormakaba resivo as the sandbox plays it: each rule that its sheet asks of a simulator."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
import requests

from pipelines.sandbox.server import Sandbox
from tests.sandbox.api import Api

SetOption = Callable[[str, str, str], None]
LOGIN = {
    "grant_type": "client_credentials",
    "client_id": "sandbox",
    "client_secret": "sandbox-dormakaba",
}
numbers = count(1)


@pytest.fixture
def resivo(sandbox: Sandbox) -> Api:
    base = sandbox.base_url("dormakaba")
    token = requests.post(f"{base}/oauth2/token", data=LOGIN, timeout=20).json()["access_token"]
    return Api(f"{base}/v8", {"Authorization": f"Bearer {token}"})


@pytest.fixture
def site(sandbox: Sandbox) -> str:
    """Path of a site that dormakaba made."""
    number = next(numbers)
    made = sandbox.make("dormakaba", "liegenschaften", {"displayName": f"Am Park {number}"})
    return f"/sites/{made}"


def tenant(name: str, is_main: bool) -> dict[str, Any]:
    return {"firstName": name, "lastName": "Muster", "isMainContact": is_main}


def contract(resivo: Api, site: str, **more: Any) -> str:
    """Path of a new contract of a new unit."""
    unit = resivo.new(f"{site}/rental-units", displayName="Wohnung 1")
    path = f"{site}/rental-units/{unit['id']}/contracts"
    made = resivo.new(path, **{"plannedMoveInDate": "2026-01-01", "tenants": [tenant("Ada", True)], **more})
    assert made["status"] == "planned"
    return f"{path}/{made['id']}"


def test_the_login_takes_a_form_without_a_version_and_gives_a_token_of_300_seconds(sandbox: Sandbox) -> None:
    address = sandbox.base_url("dormakaba") + "/oauth2/token"
    token = requests.post(address, data=LOGIN, timeout=20)
    assert (token.status_code, token.json()["expires_in"], token.json()["token_type"]) == (200, 300, "Bearer")
    assert requests.post(address, json=LOGIN, timeout=20).status_code == 400
    wrong = requests.post(address, data={**LOGIN, "client_secret": "wrong"}, timeout=20)
    assert (wrong.status_code, set(wrong.json())) == (401, {"statusCode", "message"})
    versioned = sandbox.base_url("dormakaba") + "/v8/oauth2/token"
    assert requests.post(versioned, data=LOGIN, timeout=20).status_code != 200


def test_a_token_runs_out(sandbox: Sandbox, resivo: Api, site: str, option: SetOption) -> None:
    assert resivo.get(site).status_code == 200
    option("dormakaba", "token_epoch", "1")
    assert resivo.get(site).status_code == 401


def test_a_version_that_has_ended_is_gone(resivo: Api, site: str, option: SetOption) -> None:
    option("dormakaba", "versions", "v9")
    gone = resivo.get(site)
    assert (gone.status_code, gone.json()["statusCode"]) == (410, 410)


def test_sites_are_listed_by_owner_and_never_made(sandbox: Sandbox, resivo: Api, option: SetOption) -> None:
    option("dormakaba", "sites", "made")
    made = sandbox.make("dormakaba", "liegenschaften", {"displayName": "Am Teich", "externalId": "9/9"})
    path = "/site-owners/sandbox-owner/sites"
    assert [s["id"] for s in resivo.get(path, externalId="9/9").json()] == [made]
    assert resivo.get(path, externalId="9/8").json() == []
    assert resivo("post", path, {"displayName": "Neu"}).status_code == 405
    assert resivo("patch", f"/sites/{made}", {"displayName": "Neu"}).status_code == 405
    assert resivo.get("/site-owners/somebody/sites").status_code == 403
    option("dormakaba", "sites", "asked")
    assert [s["externalId"] for s in resivo.get(path, externalId="9/8").json()] == ["9/8"]


def test_credentials_of_one_site_reach_no_other(
    sandbox: Sandbox, resivo: Api, site: str, option: SetOption
) -> None:
    option("dormakaba", "scope", site.removeprefix("/sites/"))
    assert resivo.get(site).status_code == 200
    other = sandbox.make("dormakaba", "liegenschaften", {"displayName": "Anderswo"})
    assert resivo.get(f"/sites/{other}").status_code == 403
    assert resivo.get("/site-owners/sandbox-owner/sites").status_code == 403


def test_lists_are_arrays_in_pages(resivo: Api, site: str) -> None:
    for number in range(3):
        resivo.new(f"{site}/buildings", displayName=f"Haus {number}", externalId=f"{site}/{number}")
    page = resivo.get(f"{site}/buildings", limit=2, offset=2).json()
    assert [building["displayName"] for building in page] == ["Haus 2"]
    (found,) = resivo.get(f"{site}/buildings", externalId=f"{site}/1").json()
    assert found["displayName"] == "Haus 1"


def test_a_contract_needs_exactly_one_main_contact(resivo: Api, site: str) -> None:
    unit = resivo.new(f"{site}/rental-units", displayName="Wohnung 1")
    path = f"{site}/rental-units/{unit['id']}/contracts"
    for tenants in ([tenant("Ada", False)], [tenant("Ada", True), tenant("Ben", True)], []):
        answer = resivo("post", path, {"plannedMoveInDate": "2026-01-01", "tenants": tenants})
        assert answer.status_code == 422
    assert resivo.get(f"{site}/rental-units/{unit['id']}").json()["status"] == "vacant"
    resivo.new(path, plannedMoveInDate="2026-01-01", tenants=[tenant("Ada", True)])
    assert resivo.get(f"{site}/rental-units/{unit['id']}").json()["status"] == "rented"


@pytest.mark.parametrize(
    ("status", "end", "tenants", "delete"),
    [("planned", 200, 200, 204), ("active", 200, 409, 409), ("ended", 409, 409, 409)],
)
def test_the_state_of_a_contract_decides_what_it_takes(
    resivo: Api, site: str, option: SetOption, status: str, end: int, tenants: int, delete: int
) -> None:
    path = contract(resivo, site)
    option("dormakaba", "status", status)
    assert resivo("patch", path, {"plannedMoveOutDate": "2027-01-31"}).status_code == end
    assert resivo("patch", path, {"tenants": [tenant("Ben", True)]}).status_code == tenants
    refused = resivo("patch", path, {"status": "ended"}) if status == "planned" else None
    assert refused is None or refused.json()["status"] == "planned"
    assert resivo("delete", path).status_code == delete


def test_a_unit_with_a_contract_is_in_use(resivo: Api, site: str) -> None:
    path = contract(resivo, site)
    unit = path.rsplit("/contracts", 1)[0]
    assert resivo("delete", unit).status_code == 409
    assert resivo("delete", path).status_code == 204
    assert resivo("delete", unit).status_code == 204
