"""Spiri.Bo as the sandbox plays it: everything that this project proposes."""

from collections.abc import Callable
from typing import Any

import pytest

from pipelines.sandbox.server import Sandbox
from tests.sandbox.api import Api

SetOption = Callable[[str, str, str], None]
KEY = {"X-API-Key": "sandbox-spiribo"}
CONTRACT: dict[str, Any] = {"apartmentId": "b/1", "startDate": "2020-01-01", "tenantIds": ["t1"]}


@pytest.fixture
def spiribo(sandbox: Sandbox) -> Api:
    api = Api(sandbox.base_url("spiribo") + "/v1/silo", KEY)
    assert api("put", "/building/b", {"name": "Haus"}).ok
    assert api("put", "/apartment/b%2F1", {"buildingId": "b", "type": "living"}).ok
    assert api("put", "/tenant/t1", {"lastName": "Muster"}).ok
    return api


def test_a_key_is_needed_in_the_header_that_is_open(
    sandbox: Sandbox, spiribo: Api, option: SetOption
) -> None:
    address = sandbox.base_url("spiribo") + "/v1/silo"
    for headers in ({}, {"X-API-Key": "x"}, {"Authorization": "Bearer sandbox-spiribo"}):
        assert Api(address, headers).get("/tenant").json()["error"]["code"] == "unauthorized"
    option("spiribo", "key_in", "bearer")
    assert spiribo.get("/tenant").status_code == 401
    assert Api(address, {"Authorization": "Bearer sandbox-spiribo"}).get("/tenant").status_code == 200


def test_put_makes_a_record_under_the_id_in_the_path_and_replaces_it(spiribo: Api) -> None:
    made = spiribo("put", "/building/n%2F1%20%C3%BC", {"name": "Haus"})
    assert (made.status_code, made.json()["externalId"]) == (201, "n/1 ü")
    assert made.json()["id"] != "n/1 ü"
    again = spiribo("put", "/building/n%2F1%20%C3%BC", {"name": "Hof"})
    assert (again.status_code, again.json()["name"]) == (200, "Hof")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/tenant/x", {"firstName": "Ohne"}, "lastName"),
        ("/apartment/x", {"buildingId": "b", "type": "Wohnung"}, "type"),
        ("/contract/x", {**CONTRACT, "tenantIds": []}, "tenantIds"),
        ("/building/x", {"name": "Haus", "address": {"street": "Am Park"}}, "address"),
    ],
)
def test_a_refused_record_names_its_field(spiribo: Api, path: str, body: Any, field: str) -> None:
    refused = spiribo("put", path, body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "validation")
    assert refused.json()["error"]["details"][0]["field"].startswith(field)


def test_an_unknown_reference_names_its_field(spiribo: Api) -> None:
    refused = spiribo("put", "/contract/x", {**CONTRACT, "tenantIds": ["nobody"]})
    error = refused.json()["error"]
    assert (refused.status_code, error["code"], error["field"]) == (422, "unknown_reference", "tenantIds")


def test_what_is_in_use_cannot_go(spiribo: Api) -> None:
    assert spiribo("put", "/contract/c1", CONTRACT).ok
    order = ["/building/b", "/apartment/b%2F1", "/tenant/t1"]
    assert [spiribo("delete", path).status_code for path in order] == [409, 409, 409]
    assert spiribo("delete", "/contract/c1").status_code == 204
    assert [spiribo("delete", path).status_code for path in reversed(order)] == [204, 204, 204]
    assert spiribo.get("/tenant/t1").status_code == 404


def test_lists_are_read_by_cursor_and_have_no_total(spiribo: Api) -> None:
    for number in range(3):
        spiribo("put", f"/tenant/p{number}", {"lastName": "Muster"})
    seen, cursor = [], None
    while True:
        page = spiribo.get("/tenant", limit=2, **({"cursor": cursor} if cursor else {})).json()
        assert page.keys() == {"data", "nextCursor"}
        seen += [tenant["externalId"] for tenant in page["data"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert {"p0", "p1", "p2", "t1"} <= set(seen)
    assert len(seen) == len(set(seen))
    assert spiribo.get("/tenant", cursor="x").status_code == 400
