"""Immomio as the sandbox plays it: everything that this project proposes."""

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from pipelines.api.protocols import openimmo
from pipelines.sandbox.server import Sandbox
from tests.push.shape_stock import FILED
from tests.sandbox.api import Api

SetOption = Callable[[str, str, str], None]
LOGIN = {"username": "sandbox", "password": "sandbox-immomio"}
BASIC = {"Authorization": "Basic " + b64encode(b"sandbox:sandbox-immomio").decode()}
GROUP: dict[str, Any] = {"externalId": "x", "name": "Am Park", "clientNumber": "001"}
UNIT: dict[str, Any] = {
    "externalId": "x",
    "economicUnitExternalId": "001/1",
    "unitNumber": "0001",
    "type": "RESIDENTIAL",
    "address": {"street": "Am Park"},
}


@pytest.fixture
def immomio(sandbox: Sandbox) -> Api:
    return Api(sandbox.base_url("immomio") + "/erp/v1", BASIC)


def test_a_login_gives_a_token_and_a_wrong_one_nothing(sandbox: Sandbox) -> None:
    address = sandbox.base_url("immomio") + "/erp/v1"
    answer = requests.post(address + "/auth/login", json=LOGIN, timeout=20).json()
    assert answer["expiresIn"] == 3600
    bearer = {"Authorization": f"Bearer {answer['accessToken']}"}
    assert Api(address, bearer).get("/units").status_code == 200
    wrong = requests.post(address + "/auth/login", json={**LOGIN, "password": "x"}, timeout=20)
    assert (wrong.status_code, wrong.json()["error"]) == (401, "Unauthorized")
    for headers in (
        {},
        {"Authorization": "Bearer x"},
        {"Authorization": "Basic !"},
        {"Authorization": "Basic eDp5"},
    ):
        assert Api(address, headers).get("/units").status_code == 401


def test_only_one_way_to_log_in_may_be_open(sandbox: Sandbox, immomio: Api, option: SetOption) -> None:
    option("immomio", "login", "json")
    assert immomio.get("/units").status_code == 401
    option("immomio", "login", "basic")
    address = sandbox.base_url("immomio") + "/erp/v1/auth/login"
    assert requests.post(address, json=LOGIN, timeout=20).status_code == 401
    assert immomio.get("/units").status_code == 200


def test_put_makes_a_record_under_the_id_in_the_path_and_replaces_it(immomio: Api) -> None:
    path = "/economic-units/by-external-id/001%2F1"
    made = immomio("put", path, GROUP)
    assert (made.status_code, made.json()["externalId"], made.json()["name"]) == (201, "001/1", "Am Park")
    assert isinstance(made.json()["id"], int)
    again = immomio("put", path, {**GROUP, "name": "Am Hof"})
    assert (again.status_code, immomio.get(path).json()["name"]) == (200, "Am Hof")
    assert immomio.get("/economic-units/by-external-id/nothing").status_code == 404


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"type": "WOHNEN"}, 400, "type"),
        ({"address": None}, 400, "address"),
        ({"unitNumber": ""}, 400, "unitNumber"),
        ({"economicUnitExternalId": "nowhere"}, 422, "economicUnitExternalId"),
    ],
)
def test_a_refused_unit_names_its_field(
    immomio: Api, change: dict[str, Any], status: int, field: str
) -> None:
    immomio("put", "/economic-units/by-external-id/001%2F1", GROUP)
    refused = immomio("put", "/units/by-external-id/u1", {**UNIT, **change})
    assert (refused.status_code, refused.json()["violations"][0]["field"]) == (status, field)
    assert refused.json()["status"] == status


def test_a_delete_archives_whatever_hangs_below_and_a_put_makes_it_active(
    immomio: Api, option: SetOption
) -> None:
    path = "/economic-units/by-external-id/001%2F1"
    immomio("put", path, {**GROUP, "active": True})
    immomio("put", "/units/by-external-id/u2", UNIT)
    assert immomio("delete", path).status_code == 204
    assert immomio.get(path).json()["active"] is False
    option("immomio", "archived", "hidden")
    assert immomio.get(path).status_code == 404
    assert "001/1" not in [r["externalId"] for r in immomio.get("/economic-units").json()["content"]]
    assert immomio("put", path, {**GROUP, "active": True}).status_code == 200
    assert immomio.get(path).json()["active"] is True
    assert immomio("delete", "/units/by-external-id/nothing").status_code == 404


def test_pages_are_counted_from_zero(immomio: Api) -> None:
    for number in range(3):
        immomio("put", f"/economic-units/by-external-id/p{number}", GROUP)
    whole = immomio.get("/economic-units", size=100).json()
    second = immomio.get("/economic-units", size=2, page=1).json()
    assert second["content"][0] == whole["content"][2]
    total = len(whole["content"])
    assert second["page"] == {"totalElements": total, "totalPages": (total + 1) // 2, "page": 1, "size": 2}
    assert immomio.get("/economic-units", page=-1).status_code == 400


def test_an_import_tells_what_became_of_each_object_and_refuses_one_without_a_rent(immomio: Api) -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    row = FILED["objekte"][0]
    odd = {"": {}, "0": {"nettokaltmiete": 0}, "-1": {"nettokaltmiete": -1}}
    made = [openimmo.objekt("001/7/1", row, "", now)]
    made += [openimmo.objekt(f"001/8/{key}", {**row, "preise": rent}, "", now) for key, rent in odd.items()]
    made.append(openimmo.objekt("001/7/2", {}, "DELETE", now))
    ticket = requests.post(
        immomio.base + "/imports/openimmo",
        files={
            "file": ("openimmo.zip", openimmo.packed(openimmo.transfer(made, now, "1")), "application/zip")
        },
        headers=BASIC,
        timeout=20,
    )
    assert ticket.status_code == 202
    state = "/imports/" + ticket.json()["importId"]
    assert immomio.get(state).json() == {"status": "RUNNING"}
    told = immomio.get(state).json()
    why = "nettokaltmiete is missing or 0"
    assert told == {
        "status": "FINISHED",
        "objects": [
            {"externalId": "001/7/1", "status": "IMPORTED", "message": None},
            *({"externalId": f"001/8/{key}", "status": "REJECTED", "message": why} for key in odd),
            {"externalId": "001/7/2", "status": "DELETED", "message": None},
        ],
    }
    assert immomio.get("/imports/none").status_code == 404
    assert requests.post(immomio.base + "/imports/openimmo", headers=BASIC, timeout=20).status_code == 400


def test_what_came_in_files_is_behind_no_address(sandbox: Sandbox, immomio: Api) -> None:
    assert immomio.get("/").status_code == 404
    assert immomio.get("").status_code == 404
    assert all(
        record["externalId"].startswith("001/7") for record in sandbox.records("immomio", "leerstaende")
    )
