"""Plentific as the sandbox plays it: each rule that its sheet asks of a simulator."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
import requests

from pipelines.sandbox.server import Sandbox
from tests.sandbox.api import Api

SetOption = Callable[[str, str, str], None]
LOGIN = {"client_id": "sandbox", "client_secret": "sandbox-plentific"}
ADDRESS = {"line_1": "Uferstr. 7", "line_2": None, "city": "Berlin", "postcode": "13357", "country": "DE"}
numbers = count(1)


def new_id() -> str:
    return f"001_{next(numbers):04}"


@pytest.fixture
def types(plentific: Api) -> dict[str, str]:
    return {kind["slug"]: kind["uuid"] for kind in plentific.get("/location-types").json()}


@pytest.fixture
def block(plentific: Api, types: dict[str, str]) -> Any:
    body = {"name": "Uferstr. 7", "type_uuid": types["block"], "address": ADDRESS}
    return plentific.new("/locations", **body, external_id=new_id())


@pytest.fixture
def unit(plentific: Api, types: dict[str, str], block: Any) -> Any:
    body = {"name": "WE 1", "type_uuid": types["unit"], "parent_uuid": block["uuid"], "address": ADDRESS}
    return plentific.new("/locations", **body, external_id=new_id())


def refused(response: requests.Response) -> list[tuple[str, str]]:
    return [(error["field"], error["code"]) for error in response.json()["errors"]]


def test_client_credentials_give_a_token_for_ten_hours(sandbox: Sandbox) -> None:
    address = sandbox.base_url("plentific") + "/2023-02-01/token"
    answer = requests.post(address, json=LOGIN, timeout=20)
    assert answer.status_code == 200
    assert answer.json()["access_token"].count(".") == 2
    assert (answer.json()["expires_in"], answer.json()["token_type"]) == (36000, "Bearer")


@pytest.mark.parametrize(
    ("body", "status"),
    [({**LOGIN, "client_secret": "other"}, 401), ({"client_id": "sandbox"}, 422), (["x"], 422)],
)
def test_a_wrong_login_is_refused(sandbox: Sandbox, body: Any, status: int) -> None:
    address = sandbox.base_url("plentific") + "/2023-02-01/token"
    assert requests.post(address, json=body, timeout=20).status_code == status


def test_an_expired_token_is_refused_with_a_message_alone(sandbox: Sandbox, option: SetOption) -> None:
    option("plentific", "token_seconds", "0")
    base = sandbox.base_url("plentific") + "/2023-02-01"
    token = requests.post(base + "/token", json=LOGIN, timeout=20).json()["access_token"]
    answer = Api(base, {"Authorization": f"Bearer {token}"}).get("/locations")
    assert (answer.status_code, list(answer.json())) == (401, ["message"])
    assert Api(base).get("/locations").status_code == 401


def test_the_version_is_part_of_the_path(sandbox: Sandbox, plentific: Api, option: SetOption) -> None:
    host = sandbox.base_url("plentific")
    assert requests.post(host + "/2019-01-01/token", json=LOGIN, timeout=20).status_code == 404
    plentific.base = host + "/2019-01-01"
    assert plentific.get("/locations").status_code == 404
    plentific.base = host
    assert plentific.get("/locations").status_code == 404
    option("plentific", "versions", "2023-02-01,2025-01-01")
    plentific.base = host + "/2025-01-01"
    assert plentific.get("/locations").status_code == 200


def test_answers_carry_more_than_the_contract_says(plentific: Api, block: Any) -> None:
    assert {"uprn", "tags", "vulnerable_resident"} <= block.keys()
    assert block["is_active"] is True
    assert plentific.get(f"/locations/{block['uuid']}").json() == block


def test_unknown_fields_are_ignored(plentific: Api, types: dict[str, str]) -> None:
    body = {"name": "x", "type_uuid": types["block"], "address": ADDRESS, "external_id": new_id()}
    assert "colour" not in plentific.new("/locations", **body, colour="red")


def test_a_unit_needs_a_parent_that_exists(plentific: Api, types: dict[str, str], block: Any) -> None:
    body = {"name": "WE 1", "type_uuid": types["unit"], "address": ADDRESS, "external_id": new_id()}
    answer = plentific("post", "/locations", body)
    assert (answer.status_code, refused(answer)) == (422, [("parent_uuid", "required")])
    answer = plentific("post", "/locations", {**body, "parent_uuid": types["unit"]})
    assert (answer.status_code, refused(answer)) == (422, [("parent_uuid", "unknown_parent")])
    assert plentific("post", "/locations", {**body, "parent_uuid": block["uuid"]}).status_code == 201


def test_a_location_has_a_type_of_the_catalogue(plentific: Api, block: Any) -> None:
    assert list(block) != []
    body = {"name": "x", "type_uuid": block["uuid"], "address": ADDRESS, "external_id": new_id()}
    assert refused(plentific("post", "/locations", body)) == [("type_uuid", "unknown_parent")]


def test_an_external_id_is_taken_once_in_all_locations(
    plentific: Api, types: dict[str, str], block: Any
) -> None:
    body = {"name": "x", "type_uuid": types["unit"], "parent_uuid": block["uuid"], "address": ADDRESS}
    answer = plentific("post", "/locations", {**body, "external_id": block["external_id"]})
    assert (answer.status_code, refused(answer)) == (409, [(None, "duplicate")])


def test_a_record_is_found_by_its_external_id(plentific: Api, block: Any, unit: Any) -> None:
    assert plentific.get("/locations", external_id=unit["external_id"]).json() == [unit]
    assert plentific.get("/locations", external_id="none").json() == []
    assert plentific.get("/locations", parent_uuid=block["uuid"]).json() == [unit]


def test_lists_are_paged_by_headers(plentific: Api, types: dict[str, str]) -> None:
    body = {"type_uuid": types["block"], "address": ADDRESS}
    made = [plentific.new("/locations", name=f"{n}", external_id=new_id(), **body)["uuid"] for n in range(23)]

    def page(**headers: str) -> tuple[list[str], str]:
        answer = plentific("get", f"/locations?type_uuid={types['block']}", headers=headers)
        return [record["uuid"] for record in answer.json()], answer.headers["X-Pagination-Count"]

    first, total = page()
    assert len(first) == 20
    everything, _ = page(**{"X-Pagination-Limit": "5000"})
    assert (len(everything), everything[-23:]) == (int(total), made)
    piece, _ = page(**{"X-Pagination-Limit": "7", "X-Pagination-Offset": str(int(total) - 5)})
    assert piece == made[-5:]
    answer = plentific("get", "/locations", headers={"X-Pagination-Limit": "all"})
    assert answer.status_code == 400


def test_a_tenant_lives_in_a_unit_and_has_an_e_mail(plentific: Api, block: Any, unit: Any) -> None:
    body = {"last_name": "Muster", "email": "a.muster@example.org", "location_uuid": unit["uuid"]}
    tenant = plentific.new("/tenants", **body, external_id=new_id(), phone="+493023125007")
    assert (tenant["is_active"], tenant["end_date"]) == (True, None)
    wrong = {**body, "external_id": new_id()}
    assert refused(plentific("post", "/tenants", {**wrong, "location_uuid": block["uuid"]})) == [
        ("location_uuid", "unknown_parent")
    ]
    assert refused(plentific("post", "/tenants", {**wrong, "email": None})) == [
        ("email", "type"),
    ]
    assert refused(plentific("post", "/tenants", {**wrong, "phone": "030 23125007"})) == [
        ("phone", "pattern")
    ]
    assert plentific("post", "/tenants", {**wrong, "location_uuid": "none"}).status_code == 422
    assert plentific.get("/tenants", location_uuid=unit["uuid"]).json() == [tenant]


def test_an_owner_has_units_and_needs_no_e_mail(
    plentific: Api, types: dict[str, str], block: Any, unit: Any
) -> None:
    second = plentific.new(
        "/locations",
        name="WE 2",
        type_uuid=types["unit"],
        parent_uuid=block["uuid"],
        address=ADDRESS,
        external_id=new_id(),
    )
    both = [unit["uuid"], second["uuid"]]
    owner = plentific.new("/owners", last_name="Muster", location_uuids=both, external_id=new_id())
    assert plentific.get("/owners", location_uuid=second["uuid"]).json() == [owner]
    body = {"last_name": "Muster", "external_id": new_id()}
    assert refused(plentific("post", "/owners", {**body, "location_uuids": []})) == [
        ("location_uuids", "minItems")
    ]
    assert plentific("post", "/owners", {**body, "location_uuids": [unit["uuid"], "none"]}).status_code == 422
    assert plentific("post", "/owners", {**body, "location_uuids": [block["uuid"]]}).status_code == 422
    assert plentific("patch", f"/owners/{owner['uuid']}", {"location_uuids": both[:1]}).status_code == 200
    assert plentific.get("/owners", location_uuid=second["uuid"]).json() == []
    assert plentific("delete", f"/locations/{second['uuid']}").status_code == 204
    assert plentific("delete", f"/locations/{unit['uuid']}").status_code == 409


def test_a_record_is_switched_off_by_a_patch(plentific: Api, unit: Any) -> None:
    changed = plentific("patch", f"/locations/{unit['uuid']}", {"is_active": False}).json()
    assert (changed["is_active"], changed["name"]) == (False, "WE 1")
    assert changed["updated_at"] > changed["created_at"]


def test_the_old_names_can_be_switched_on(plentific: Api, unit: Any, option: SetOption) -> None:
    option("plentific", "naming", "properties")
    assert plentific.get("/properties", external_id=unit["external_id"]).json() == [unit]
    assert plentific.get("/landlords").status_code == 200
    assert plentific.get("/tenants").status_code == 200
    assert plentific.get("/locations").status_code == 404
    assert plentific.get("/owners").status_code == 404


def test_objects_and_sub_objects_are_told_apart(sandbox: Sandbox, block: Any, unit: Any) -> None:
    assert block in sandbox.records("plentific", "objekte")
    assert unit not in sandbox.records("plentific", "objekte")
    assert unit in sandbox.records("plentific", "unterobjekte")
    assert block not in sandbox.records("plentific", "unterobjekte")
