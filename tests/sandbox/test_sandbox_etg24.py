"""etg24 as the sandbox plays it: each rule that its sheet asks of a simulator."""

import re
import time
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
import requests

from pipelines.sandbox.server import Sandbox
from tests.sandbox.api import Api

SetOption = Callable[[str, str, str], None]
numbers = count(1)


def new_id() -> str:
    return f"001-{next(numbers):04}"


@pytest.fixture
def objekt(etg24: Api) -> Any:
    return etg24.new("/objects", title="Uferstr. 7", extId=new_id())


@pytest.fixture
def einheit(etg24: Api, objekt: Any) -> Any:
    return etg24.new("/units", objectId=objekt["id"], number="0001", extId=new_id())


@pytest.fixture
def vertrag(etg24: Api, einheit: Any) -> Any:
    body = {"unitId": einheit["id"], "contractType": "rental", "validFrom": "2020-02-01"}
    return etg24.new("/contracts", **body, extId=new_id())


def fields(response: requests.Response) -> list[str]:
    return [detail["field"] for detail in response.json()["error"]["details"]]


@pytest.mark.parametrize("token", [None, "Bearer other", "Basic sandbox-etg24", "Bearer"])
@pytest.mark.parametrize("path", ["/objects", "/units/x", "/nothing"])
def test_every_route_needs_the_token(sandbox: Sandbox, token: str | None, path: str) -> None:
    headers = {"Authorization": token} if token else {}
    response = requests.get(sandbox.base_url("etg24") + "/v1" + path, headers=headers, timeout=20)
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "unauthorized"


def test_a_record_is_created_with_an_id_and_times_of_the_partner(etg24: Api) -> None:
    record = etg24.new("/object-groups", title="Wedding", extId="001-0815")
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", record["id"])
    assert (record["title"], record["extId"]) == ("Wedding", "001-0815")
    assert record["createdAt"] == record["updatedAt"]
    assert etg24.get(f"/object-groups/{record['id']}").json() == record


def test_a_patch_changes_only_what_it_names_and_null_clears(etg24: Api, einheit: Any) -> None:
    path = f"/units/{einheit['id']}"
    assert etg24("patch", path, {"position": "2. OG links", "area": 61.25}).status_code == 200
    changed = etg24("patch", path, {"area": None}).json()
    assert (changed["number"], changed["position"], changed["area"]) == ("0001", "2. OG links", None)
    assert changed["updatedAt"] > einheit["updatedAt"]


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({}, ["title"]),
        ({"title": ""}, ["title"]),
        ({"title": "x" * 256}, ["title"]),
        ({"title": 7}, ["title"]),
        ({"title": None}, ["title"]),
        ({"title": "x", "extId": ""}, ["extId"]),
        ({"title": "x", "name": "y", "colour": "z"}, ["name", "colour"]),
    ],
)
def test_a_body_that_breaks_a_rule_is_refused_with_its_fields(
    etg24: Api, body: Any, refused: list[str]
) -> None:
    response = etg24("post", "/objects", body)
    assert response.status_code == 422
    assert fields(response) == refused


@pytest.mark.parametrize("street", [7, ["x"]])
def test_nested_fields_are_checked_too(etg24: Api, objekt: Any, street: Any) -> None:
    path = f"/objects/{objekt['id']}/addresses"
    assert fields(etg24("post", path, {"address": {"street": street}})) == ["address.street"]
    assert fields(etg24("post", path, {"address": {"road": "x"}})) == ["address.road"]


def test_a_body_is_never_repeated_in_an_error(etg24: Api, vertrag: Any) -> None:
    body = {"lastName": "Geheim", "emailAddress": "geheim at example.org"}
    response = etg24("post", f"/contracts/{vertrag['id']}/participants", body)
    assert fields(response) == ["emailAddress", "emailAddress"]
    assert "eheim" not in response.text


@pytest.mark.parametrize(
    ("data", "headers"),
    [
        (b"{", {"Content-Type": "application/json"}),
        (b"[]", {"Content-Type": "application/json"}),
        (b'{"title": "x"}', {"Content-Type": "text/plain"}),
        (b"", {"Content-Type": "application/json"}),
    ],
)
def test_a_body_that_is_no_json_object_is_a_bad_request(etg24: Api, data: bytes, headers: Any) -> None:
    assert etg24("post", "/objects", data=data, headers=headers).status_code == 400


def test_unknown_ids_and_verbs_have_their_own_status(etg24: Api, objekt: Any) -> None:
    assert etg24.get("/objects/none").status_code == 404
    assert etg24("patch", "/objects/none", {"title": "x"}).status_code == 404
    assert etg24("post", "/objects/none/addresses", {"address": {}}).status_code == 404
    assert etg24.get("/objects/none/addresses").status_code == 404
    assert etg24("put", "/objects", {}).status_code == 405
    assert etg24("delete", "/objects").status_code == 405
    assert etg24.get("/buildings").status_code == 404


def test_the_version_prefix_is_part_of_the_address(sandbox: Sandbox, option: SetOption) -> None:
    api = Api(sandbox.base_url("etg24"), {"Authorization": "Bearer sandbox-etg24"})
    assert api.get("/objects").status_code == 404
    option("etg24", "prefix", "")
    assert api.get("/objects").status_code == 200


def test_an_ext_id_is_taken_once_for_each_kind_of_record(etg24: Api, objekt: Any) -> None:
    other = etg24.new("/objects", title="Uferstr. 8", extId=new_id())
    assert etg24("post", "/objects", {"title": "x", "extId": objekt["extId"]}).status_code == 409
    assert etg24("patch", f"/objects/{other['id']}", {"extId": objekt["extId"]}).status_code == 409
    assert etg24.get(f"/objects/{other['id']}").json()["extId"] == other["extId"]
    assert etg24("post", "/object-groups", {"title": "x", "extId": objekt["extId"]}).status_code == 201


def test_an_ext_id_that_was_given_up_is_free_again(etg24: Api) -> None:
    first = etg24.new("/objects", title="a", extId="old")
    assert etg24("patch", f"/objects/{first['id']}", {"extId": "new"}).status_code == 200
    assert etg24("post", "/objects", {"title": "b", "extId": "old"}).status_code == 201


def test_rental_and_owner_contracts_share_their_ext_ids(etg24: Api, vertrag: Any) -> None:
    body = {"unitId": vertrag["unitId"], "contractType": "owner", "validFrom": "2020-02-01"}
    assert etg24("post", "/contracts", {**body, "extId": vertrag["extId"]}).status_code == 409


def test_a_record_is_found_by_its_ext_id(etg24: Api, vertrag: Any) -> None:
    person = etg24.new(f"/contracts/{vertrag['id']}/participants", lastName="Muster", extId=new_id())
    assert person["contractId"] == vertrag["id"]
    for path, record in [("/contracts", vertrag), ("/participants", person)]:
        assert etg24.get(path, extId=record["extId"]).json()["data"] == [record]
        nothing = etg24.get(path, extId="none").json()
        assert nothing == {"data": [], "meta": {"page": 1, "limit": 50, "total": 0, "totalPages": 0}}


def test_a_parent_must_exist(etg24: Api) -> None:
    response = etg24("post", "/units", {"objectId": "none", "number": "1"})
    assert (response.status_code, fields(response)) == (422, ["objectId"])
    body = {"unitId": "none", "contractType": "rental", "validFrom": "2020-02-01"}
    assert etg24("post", "/contracts", body).status_code == 422


def test_a_parent_goes_last(etg24: Api, vertrag: Any) -> None:
    person = etg24.new(f"/contracts/{vertrag['id']}/participants", lastName="Muster")
    assert etg24("delete", f"/contracts/{vertrag['id']}").status_code == 409
    assert etg24("delete", f"/participants/{person['id']}").status_code == 204
    assert etg24("delete", f"/contracts/{vertrag['id']}").status_code == 204
    assert etg24.get(f"/contracts/{vertrag['id']}").status_code == 404


def test_addresses_count_as_children_of_their_object(etg24: Api, objekt: Any) -> None:
    path = f"/objects/{objekt['id']}/addresses"
    address = etg24.new(path, address={"street": "Uferstr.", "houseNumber": "7", "postalCode": "01067"})
    other = etg24.new("/objects", title="other")
    assert etg24.get(f"/objects/{other['id']}/addresses/{address['id']}").status_code == 404
    assert etg24.get(f"/objects/{other['id']}/addresses").json()["data"] == []
    assert etg24.get(path).json()["data"] == [address]
    assert etg24("delete", f"/objects/{objekt['id']}").status_code == 409


def test_deletions_are_kept_in_a_log(etg24: Api, sandbox: Sandbox) -> None:
    before = len(sandbox.deletions("etg24"))
    record = etg24.new("/objects", title="gone", extId="to-delete")
    etg24("delete", f"/objects/{record['id']}")
    [deletion] = sandbox.deletions("etg24")[before:]
    assert (deletion.resource, deletion.id, deletion.external_id) == (
        "/objects/{id}",
        record["id"],
        "to-delete",
    )


def test_a_unit_number_is_unique_in_its_object(etg24: Api, einheit: Any) -> None:
    same = {"objectId": einheit["objectId"], "number": "0001"}
    assert fields(etg24("post", "/units", same)) == ["number"]
    other = etg24.new("/units", objectId=einheit["objectId"], number="0002")
    assert etg24("patch", f"/units/{other['id']}", {"number": "0001"}).status_code == 422
    assert etg24("patch", f"/units/{other['id']}", {"number": "0002"}).status_code == 200


def test_a_contract_ends_after_it_begins_and_keeps_its_type(etg24: Api, vertrag: Any) -> None:
    path = f"/contracts/{vertrag['id']}"
    assert fields(etg24("patch", path, {"validTo": "2020-01-31"})) == ["validTo"]
    assert etg24("patch", path, {"validTo": "2020-02-01"}).status_code == 200
    assert fields(etg24("patch", path, {"contractType": "owner"})) == ["contractType"]
    assert fields(etg24("patch", path, {"validFrom": "01.02.2020"})) == ["validFrom"]


def test_lists_are_paged_from_one_with_a_place_in_the_list(etg24: Api) -> None:
    group = etg24.new("/object-groups", title="seven")["id"]
    made = [etg24.new("/objects", title=f"{n}", objectGroupId=group)["id"] for n in range(7)]
    pages = [etg24.get("/objects", objectGroupId=group, limit=3, page=n).json() for n in (1, 2, 3, 4)]
    assert [[record["id"] for record in page["data"]] for page in pages] == [
        made[:3],
        made[3:6],
        made[6:],
        [],
    ]
    assert pages[2]["meta"] == {"page": 3, "limit": 3, "total": 7, "totalPages": 3}


@pytest.mark.parametrize("query", [{"page": 0}, {"limit": 201}, {"limit": "many"}, {"colour": "red"}])
def test_an_unknown_query_value_is_a_bad_request(etg24: Api, query: Any) -> None:
    assert etg24.get("/objects", **query).status_code == 400


def test_a_list_can_be_asked_for_what_changed(etg24: Api) -> None:
    etg24.new("/object-groups", title="before")
    time.sleep(0.01)
    late = etg24.new("/object-groups", title="late")
    found = etg24.get("/object-groups", updatedSince=late["updatedAt"]).json()["data"]
    assert [record["title"] for record in found] == ["late"]


def test_contracts_are_filtered_by_type(etg24: Api, vertrag: Any) -> None:
    owner = {"unitId": vertrag["unitId"], "contractType": "owner", "validFrom": "2019-07-01"}
    made = etg24.new("/contracts", **owner)
    found = etg24.get("/contracts", unitId=vertrag["unitId"], contractType="owner").json()["data"]
    assert [record["id"] for record in found] == [made["id"]]


def test_in_the_documented_mode_only_objects_and_contracts_know_ext_ids(
    etg24: Api, option: SetOption, einheit: Any
) -> None:
    option("etg24", "external_ids", "documented")
    refused = etg24("post", "/object-groups", {"title": "x", "extId": "1"})
    assert (refused.status_code, fields(refused)) == (422, ["extId"])
    assert etg24("patch", f"/units/{einheit['id']}", {"extId": "1"}).status_code == 422
    assert etg24.get("/units", extId=einheit["extId"]).status_code == 400
    assert "extId" not in etg24.get(f"/units/{einheit['id']}").json()
    made = etg24.new("/objects", title="x", extId="documented-1")
    assert etg24.get("/objects", extId="documented-1").json()["data"] == [made]


def test_in_the_documented_and_lenient_mode_ext_ids_are_ignored(etg24: Api, option: SetOption) -> None:
    option("etg24", "external_ids", "documented")
    option("etg24", "unknown_fields", "ignore")
    first = etg24.new("/object-groups", title="x", extId="1", colour="red")
    second = etg24.new("/object-groups", title="x", extId="1")
    assert first.keys() == {"id", "title", "createdAt", "updatedAt"}
    found = etg24.get("/object-groups", extId="1", limit=200).json()["data"]
    assert {first["id"], second["id"]} < {record["id"] for record in found}


def test_one_request_too_many_at_a_time_is_asked_to_wait(
    etg24: Api, sandbox: Sandbox, option: SetOption
) -> None:
    option("etg24", "latency_ms", "2500")  # so long that a busy machine has all three on their way
    answers = etg24.get_at_once("/objects", 3)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 429]
    [refused] = [answer for answer in answers if answer.status_code == 429]
    assert refused.headers["Retry-After"] == "1"
    assert refused.json()["error"]["code"] == "too_many_requests"


def test_the_number_of_requests_at_a_time_can_be_set(etg24: Api, option: SetOption) -> None:
    option("etg24", "latency_ms", "200")
    option("etg24", "in_flight", "4")
    answers = etg24.get_at_once("/objects", 4)
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200]


def test_below_a_switched_off_object_nothing_can_be_written(
    etg24: Api, option: SetOption, objekt: Any, einheit: Any, vertrag: Any
) -> None:
    person = etg24.new(f"/contracts/{vertrag['id']}/participants", lastName="Muster")
    other = etg24.new("/objects", title="on")
    option("etg24", "sync_off", f"none,{objekt['extId']}")
    assert etg24("post", "/units", {"objectId": objekt["id"], "number": "9"}).status_code == 403
    assert etg24("patch", f"/units/{einheit['id']}", {"area": 1}).status_code == 403
    assert etg24("patch", f"/contracts/{vertrag['id']}", {"validTo": "2030-01-01"}).status_code == 403
    assert etg24("delete", f"/participants/{person['id']}").status_code == 403
    assert etg24("post", f"/contracts/{vertrag['id']}/participants", {"lastName": "x"}).status_code == 403
    assert etg24("post", "/units", {"objectId": other["id"], "number": "9"}).status_code == 201
    assert etg24.get(f"/units/{einheit['id']}").json()["area"] is None


def test_a_new_record_can_be_hidden_for_a_while(etg24: Api, option: SetOption) -> None:
    option("etg24", "read_delay_ms", "250")
    record = etg24.new("/objects", title="slow", extId="slow-1")
    assert etg24.get(f"/objects/{record['id']}").status_code == 404
    assert etg24.get("/objects", extId="slow-1").json()["data"] == []
    time.sleep(0.3)
    assert etg24.get("/objects", extId="slow-1").json()["data"] == [record]


def test_participants_are_told_apart_by_their_contracts(etg24: Api, sandbox: Sandbox, vertrag: Any) -> None:
    body = {"unitId": vertrag["unitId"], "contractType": "owner", "validFrom": "2019-07-01"}
    owner_contract = etg24.new("/contracts", **body)
    tenant = etg24.new(f"/contracts/{vertrag['id']}/participants", lastName="Mieterin")
    owner = etg24.new(f"/contracts/{owner_contract['id']}/participants", lastName="Eigentümerin")
    assert tenant in sandbox.records("etg24", "mieter")
    assert owner not in sandbox.records("etg24", "mieter")
    assert sandbox.records("etg24", "eigentuemer") == [owner]
    assert owner_contract in sandbox.records("etg24", "eigentuemervertraege")
    assert vertrag not in sandbox.records("etg24", "eigentuemervertraege")
