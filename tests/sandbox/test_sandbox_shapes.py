"""The generic sandbox for partners that upsert, page otherwise, take a key in the query or speak GraphQL."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pipelines.partners
from pipelines.contract import contract as reader
from pipelines.contract.contract import ContractError, load_contract
from pipelines.sandbox.options import settings_of
from pipelines.sandbox.play.store import Store
from pipelines.sandbox.server import Sandbox
from tests.push.shapes.graphed import sandbox as graphed_sandbox
from tests.sandbox.api import Api

SHAPES = Path(__file__).parent.parent / "push" / "shapes"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "FOLDER", SHAPES)
        patch.setattr(pipelines.partners, "__path__", [*pipelines.partners.__path__, str(SHAPES)])
        with Sandbox(tmp_path_factory.mktemp("shapes") / "state.db") as running:
            yield running


@pytest.fixture
def linked(served: Sandbox) -> Api:
    return Api(served.base_url("linked") + "/v2", {"token": "sandbox-linked"})


@pytest.fixture
def keyed(served: Sandbox) -> Api:
    return Api(served.base_url("keyed") + "/api")


@pytest.fixture
def searched(served: Sandbox) -> Api:
    return Api(served.base_url("searched") + "/api/v1", {"Authorization": "Bearer sandbox-searched"})


@pytest.fixture
def graphed(served: Sandbox) -> Api:
    return Api(served.base_url("graphed"), {"Authorization": "Bearer token-0"})


@pytest.fixture
def paged(served: Sandbox) -> Api:
    return Api(served.base_url("paged") + "/v1", {"X-Key": "sandbox-paged"})


def ask(api: Api, query: str, **variables: Any) -> Any:
    return api("post", "/api/graphql", {"query": query, "variables": variables}).json()


def test_put_makes_a_record_under_the_id_in_the_address_and_replaces_it(linked: Api) -> None:
    path = "/houses/001%2F1%20a%7Cb%C3%BC%25"
    made = linked("put", path, {"name": "Haus", "city": "Dresden"})
    assert (made.status_code, made.json()["id"]) == (201, "001/1 a|bü%")
    again = linked("put", path, {"name": "Hof", "city": None})
    assert (again.status_code, again.json()) == (200, {"id": "001/1 a|bü%", "name": "Hof", "city": None})
    assert linked.get(path).json()["name"] == "Hof"
    assert linked.get("/houses/001/1 a|bü%").status_code == 404


def test_put_takes_whole_records_only(linked: Api) -> None:
    linked("put", "/houses/whole", {"name": "Haus"})
    refused = linked("put", "/houses/whole", {"city": "Dresden"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "name")


def test_put_refuses_a_parent_that_is_not_there(linked: Api) -> None:
    refused = linked("put", "/contracts/1", {"houseId": "nowhere", "startDate": "2020-01-01"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (404, "houseId")


def test_links_lead_from_page_to_page_and_end(served: Sandbox, linked: Api) -> None:
    for number in range(7):
        linked("put", f"/houses/p{number}", {"name": "Haus"})
    seen, path = [], "/houses?pageSize=3"
    while path:
        body = linked("get", path).json()
        seen += [house["id"] for house in body["list"]]
        link = body["_links"]["next"]
        assert link is None or link.startswith(served.base_url("linked") + "/v2/houses?")
        path = link and link.removeprefix(served.base_url("linked") + "/v2")
    assert len(seen) == len(set(seen)) >= 7


def test_a_cursor_leads_from_page_to_page_and_a_changed_one_is_refused(paged: Api) -> None:
    for number in range(5):
        paged("put", f"/houses/c{number}", {"name": "Haus"})
    first = paged.get("/houses", limit=3).json()
    second = paged.get("/houses", limit=3, after=first["paging"]["next"]).json()
    assert [len(first["data"]), len(second["data"]), second["paging"]["next"]] == [3, 2, None]
    changed = paged.get("/houses", limit=3, after=first["paging"]["next"].replace("+", " "))
    assert changed.status_code == 400


def test_pages_from_zero_show_the_first_records_on_page_zero(paged: Api) -> None:
    made = [paged("post", "/meters", {"name": f"Z{n}"}).json()["id"] for n in range(2)]
    assert [r["id"] for r in paged.get("/meters", limit=1, offset=1).json()["data"]] == made[1:]
    paged("put", "/houses/zero", {"name": "Haus"})
    units = [paged("post", "/units", {"houseId": "zero"}).json()["id"] for _ in range(4)]
    pages = [paged.get("/units", size=3, page=number).json() for number in range(3)]
    assert [[r["id"] for r in page["data"]] for page in pages] == [units[:3], units[3:], []]
    assert pages[0]["meta"] == {"pages": 2, "total": 4}


def test_a_list_without_parent_shows_the_top_and_one_with_parent_what_is_below(keyed: Api) -> None:
    key = {"api_key": "sandbox-keyed"}
    top = keyed("post", "/groups", {"customId": "T1"}, params=key)
    assert top.status_code == 200
    below = [
        keyed("post", "/groups", {"customId": f"B{n}", "parentId": top.json()["id"]}, params=key).json()
        for n in range(4)
    ]
    shown = keyed.get("/groups", **key).json()
    assert "T1" in [group["customId"] for group in shown["items"]]
    assert all(group["parentId"] is None for group in shown["items"])
    page = keyed.get("/groups", **key, parentId=top.json()["id"], limit=3, offset=3).json()
    assert ([group["id"] for group in page["items"]], page["totalItems"]) == ([below[3]["id"]], 4)


def test_full_text_is_looked_for_in_all_fields_at_all_levels(keyed: Api) -> None:
    key = {"api_key": "sandbox-keyed"}
    top = keyed("post", "/groups", {"customId": "T2", "externalId": "Full/1"}, params=key).json()
    keyed("post", "/groups", {"street": "am FULL/12", "parentId": top["id"]}, params=key)
    found = keyed.get("/groups", **key, query="full/1").json()
    assert found["totalItems"] == 2


def test_external_ids_may_occur_twice_where_a_partner_does_not_look(keyed: Api) -> None:
    key = {"api_key": "sandbox-keyed"}
    twins = [keyed("post", "/groups", {"externalId": "twin"}, params=key).status_code for _ in range(2)]
    assert twins == [200, 200]


def test_a_key_in_the_query_is_needed_and_not_logged(served: Sandbox, keyed: Api) -> None:
    assert keyed.get("/groups").status_code == 401
    assert keyed.get("/groups", api_key="wrong-secret").status_code == 401
    assert keyed.get("/groups", api_key="sandbox-keyed", limit=1).status_code == 200
    logged = served.requests("keyed")[-3:]
    assert [(entry.query, entry.status) for entry in logged] == [("", 401), ("", 401), ("limit=1", 200)]


def test_a_search_filters_and_pages_in_its_body(searched: Api) -> None:
    for number in range(5):
        body = {
            "title": f"T{number % 2}",
            "sourceId": f"s{number}",
            "countryCode": "DE",
            "property": {"buildingYear": 1900},
        }
        assert searched("post", "/dossiers", body).status_code == 200
    wanted = {"countryCode": "DE", "filters": {"title": "T0"}, "limit": 2, "page": {"offset": 2}}
    found = searched("post", "/dossiers/search", wanted).json()
    assert ([dossier["sourceId"] for dossier in found["items"]], found["totalItems"]) == (["s4"], 3)
    one = searched("post", "/dossiers/search", {"countryCode": "DE", "filters": {"sourceId": "s3"}}).json()
    assert [dossier["sourceId"] for dossier in one["items"]] == ["s3"]
    other = searched("post", "/dossiers/search", {"countryCode": "AT"}).json()
    assert other["totalItems"] == 0


def test_a_patch_merges_objects_and_null_clears_within_them(searched: Api) -> None:
    body = {"countryCode": "DE", "property": {"buildingYear": 1900, "rooms": 2.5, "hasLift": True}}
    made = searched("post", "/dossiers", body).json()
    changed = searched(
        "patch", f"/dossiers/{made['id']}", {"property": {"buildingYear": 1901, "rooms": None}}
    )
    assert changed.json()["property"] == {"buildingYear": 1901, "rooms": None, "hasLift": True}


UPSERT = "mutation ($o: OwnerInput!) { upsertOwner(owner: $o) { id externalId lastName } }"
OWNER = {"externalOwnerId": "80", "meta": {"source": "test"}, "lastName": "Muster"}


def test_the_external_id_decides_whether_an_upsert_makes_or_changes(graphed: Api) -> None:
    made = ask(graphed, UPSERT, o=OWNER)["data"]["upsertOwner"]
    again = ask(graphed, UPSERT, o={**OWNER, "lastName": "Beispiel"})["data"]["upsertOwner"]
    assert (again["id"], again["externalId"], again["lastName"]) == (made["id"], "80", "Beispiel")


def test_an_error_has_the_path_of_its_alias_and_the_others_are_done(served: Sandbox, graphed: Api) -> None:
    ask(graphed, UPSERT, o={**OWNER, "externalOwnerId": "81"})
    query = """mutation ($a: UnitInput, $b: UnitInput, $c: UnitInput) {
        a: upsertUnit(unit: $a) { externalId owner { externalId } }
        b: upsertUnit(unit: $b) { id }
        c: upsertUnit(unit: $c) { id }
    }"""
    unit = {"externalUnitId": "u1", "externalOwnerId": "81", "type": "APARTMENT", "floorNo": 1}
    units = {
        "a": unit,
        "b": {**unit, "externalUnitId": "u2", "externalOwnerId": "99"},
        "c": {**unit, "externalUnitId": "u3"},
    }
    answer = ask(graphed, query, **units)
    assert answer["data"]["a"] == {"externalId": "u1", "owner": {"externalId": "81"}}
    assert (answer["data"]["b"], answer["data"]["c"] is not None) == (None, True)
    [error] = answer["errors"]
    assert (error["path"], error["extensions"]) == (
        ["b"],
        {"code": "BAD_USER_INPUT", "field": "externalOwnerId"},
    )
    assert [unit["externalUnitId"] for unit in served.records("graphed", "einheiten")] == ["u1", "u3"]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("mutation {", 400, "GRAPHQL_PARSE_FAILED"),
        ("{ houses { id } }", 400, "GRAPHQL_VALIDATION_FAILED"),
        ("{ units(input: {take: 1}) { id } }", 400, "GRAPHQL_VALIDATION_FAILED"),
    ],
)
def test_what_does_not_fit_the_schema_is_refused(graphed: Api, query: str, status: int, code: str) -> None:
    answer = graphed("post", "/api/graphql", {"query": query})
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (status, code)


def test_a_wrong_variable_is_told_by_its_field_and_without_its_value(graphed: Api) -> None:
    answer = ask(graphed, UPSERT, o={**OWNER, "lastName": {"geheim": "Muster"}})
    [error] = answer["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "lastName"}
    assert "Muster" not in str(answer)


def test_lists_have_no_total_and_are_read_with_skip_and_take(graphed: Api) -> None:
    for number in range(5):
        ask(graphed, UPSERT, o={**OWNER, "externalOwnerId": f"list{number}"})
    query = "query ($i: OwnerFilterListPaging) { owners(input: $i) { externalId } }"
    first = ask(graphed, query, i={"paging": {"skip": 0, "take": 3}})["data"]["owners"]
    second = ask(graphed, query, i={"paging": {"skip": 3, "take": 3}})["data"]["owners"]
    assert len(first) == 3
    assert not [owner for owner in second if owner in first]
    found = ask(graphed, query, i={"filter": {"externalId": "list4"}})["data"]["owners"]
    assert found == [{"externalId": "list4"}]


def test_a_bad_token_is_refused_before_anything_is_read(served: Sandbox) -> None:
    stranger = Api(served.base_url("graphed"))
    assert stranger("post", "/api/graphql", {"query": "{"}).status_code == 401


def test_the_sandbox_does_not_start_with_a_field_that_nothing_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "FOLDER", SHAPES)
    contract = load_contract("graphed")
    kind = graphed_sandbox.Partner
    store, settings = Store(tmp_path / "state.db"), settings_of({"graphed": kind}, {})["graphed"]
    kind(contract, store, settings)
    monkeypatch.setattr(kind, "_entity_fields", lambda self: {})
    with pytest.raises(ContractError, match=r"graphed: nothing in the sandbox answers Query\.owners\."):
        kind(contract, store, settings)
    store.close()
