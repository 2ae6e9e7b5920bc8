"""EverReal as the sandbox plays it: each rule that its sheet asks of a simulator."""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
import requests

from pipelines.partners.everreal.sandbox import leasing
from pipelines.sandbox.server import Sandbox
from tests.sandbox.api import Api

SetOption = Callable[[str, str, str], None]
CLIENT = {"client_id": "sandbox", "client_secret": "sandbox-everreal-client"}
LOGIN = {
    **CLIENT,
    "grant_type": "password",
    "scope": "offline_access *",
    "username": "sandbox@example.org",
    "password": "sandbox-everreal",
}
META = {"source": "stammdaten"}
ADDRESS = {
    "streetName": "Uferstr.",
    "streetNumber": "7",
    "zipCode": "13357",
    "city": "Berlin",
    "country": "DE",
}
TODAY = date.today()
numbers = count(1)


class EverReal:
    """Mutations and queries with variables, over HTTP."""

    def __init__(self, base: str, token: str = ""):
        self.api = Api(base, {"Authorization": f"Bearer {token}"} if token else {})

    def send(self, query: str, **variables: Any) -> requests.Response:
        return self.api("post", "/api/reporting/graphql", {"query": query, "variables": variables})

    def upsert(self, kind: str, body: Any) -> Any:
        """The answer of an upsert: data and errors."""
        argument = kind[0].lower() + kind[1:]
        declared = f"{kind}Input" if kind in ("Unit", "Tenant") else f"{kind}Input!"
        query = f"mutation ($x: {declared}) {{ done: upsert{kind}({argument}: $x) {{ id }} }}"
        return self.send(query, x=body).json()

    def new(self, kind: str, **body: Any) -> str:
        """The id of a new record."""
        answer = self.upsert(kind, body)
        assert "errors" not in answer, answer
        return str(answer["data"]["done"]["id"])

    def read(self, query: str, kind: str, fields: str, **wanted: Any) -> list[Any]:
        """Records of a list."""
        text = f"query ($x: {kind}FilterListPaging) {{ found: {query}(input: $x) {{ {fields} }} }}"
        found: list[Any] = self.send(text, x=wanted).json()["data"]["found"]
        return found


def tokens(sandbox: Sandbox, **body: str) -> requests.Response:
    address = sandbox.base_url("everreal") + "/accounts/oauth/token"
    return requests.post(address, json={**LOGIN, **body}, timeout=20)


def refused(answer: Any) -> tuple[str, str | None]:
    (error,) = answer["errors"]
    return error["extensions"]["code"], error["extensions"].get("field")


@pytest.fixture
def everreal(sandbox: Sandbox) -> EverReal:
    return EverReal(sandbox.base_url("everreal"), tokens(sandbox).json()["access_token"])


def owner(number: int) -> dict[str, Any]:
    names = {"firstName": "Orla", "lastName": "Eigen", "email": "orla@example.org"}
    return {"externalOwnerId": f"P{number}", "meta": META, **names}


def house(number: int) -> dict[str, Any]:
    kind = {"type": "BUILDING", "subtype": "BUILDING", "category": "RESIDENTIAL"}
    named = {"externalPropertyId": f"001/{number}", "meta": META, "name": f"Haus {number}"}
    return {**named, **kind, "ownershipType": "MULTIPLE", "address": ADDRESS}


def flat(number: int) -> dict[str, Any]:
    kind = {"category": "RESIDENTIAL", "type": "APARTMENT", "subtype": "NO_INFORMATION"}
    parents = {"externalPropertyId": f"001/{number}", "externalOwnerId": f"P{number}"}
    money = {"financingType": "PRIVATELY_FINANCED", "targetRent": 512.35}
    return {
        "externalUnitId": f"001/{number}/0001",
        "meta": META,
        **parents,
        **kind,
        **money,
        "floorNo": 3,
        "mainStorage": True,
        "rooms": {"rooms": 2.5},
    }


def renter(number: int, **more: Any) -> dict[str, Any]:
    named = {"externalTenantId": f"001/{number}/0001/01/P9", "externalUnitId": f"001/{number}/0001"}
    return {**named, "meta": META, "firstName": "Falk", "lastName": "Mieter", **more}


@pytest.fixture
def unit(everreal: EverReal) -> int:
    """The number in the ids of a new owner, property and unit."""
    number = next(numbers)
    everreal.new("Owner", **owner(number))
    everreal.new("Property", **house(number))
    everreal.new("Unit", **flat(number))
    return number


def test_a_password_gives_tokens_for_an_hour_and_a_month(sandbox: Sandbox) -> None:
    answer = tokens(sandbox)
    assert answer.status_code == 200
    assert answer.json().keys() == {"access_token", "refresh_token", "expires_in"}
    assert answer.json()["expires_in"] == 3600
    assert answer.json()["access_token"].count(".") == 2


@pytest.mark.parametrize("wrong", ["username", "password", "client_id", "client_secret"])
def test_a_wrong_login_is_refused_with_403(sandbox: Sandbox, wrong: str) -> None:
    answer = tokens(sandbox, **{wrong: "other"})
    assert (answer.status_code, answer.json()["code"], answer.json()["statusCode"]) == (403, "forbidden", 403)


def test_a_refresh_token_gives_new_tokens_until_it_runs_out(sandbox: Sandbox, option: SetOption) -> None:
    first = tokens(sandbox).json()
    refresh = {**CLIENT, "grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    address = sandbox.base_url("everreal") + "/accounts/oauth/token"
    second = requests.post(address, json=refresh, timeout=20)
    assert second.status_code == 200
    assert second.json()["access_token"] != first["access_token"]
    crossed = {**refresh, "refresh_token": first["access_token"]}
    assert requests.post(address, json=crossed, timeout=20).status_code == 403
    option("everreal", "refresh_seconds", "0")
    over = {**refresh, "refresh_token": tokens(sandbox).json()["refresh_token"]}
    assert requests.post(address, json=over, timeout=20).status_code == 403


def test_a_bad_or_expired_token_is_refused_with_401(sandbox: Sandbox, option: SetOption) -> None:
    base = sandbox.base_url("everreal")
    query = "{ owners { id } }"
    assert EverReal(base).send(query).status_code == 401
    assert EverReal(base, tokens(sandbox).json()["refresh_token"]).send(query).status_code == 401
    option("everreal", "token_seconds", "0")
    assert EverReal(base, tokens(sandbox).json()["access_token"]).send(query).status_code == 401


def test_three_hundred_requests_a_minute_with_headers_on_every_answer(
    sandbox: Sandbox, everreal: EverReal, option: SetOption
) -> None:
    assert sandbox.option("everreal", "per_minute") == "300"
    answer = everreal.send("{ owners { id } }")
    assert answer.headers["X-RateLimit-Limit"] == "300"
    assert 0 < int(answer.headers["X-RateLimit-Remaining"]) < 300
    assert 0 <= int(answer.headers["X-RateLimit-Reset"]) <= 60
    option("everreal", "per_minute", "1")
    assert everreal.send("{ owners { id } }").status_code == 429


def test_the_external_id_decides_whether_an_upsert_makes_a_record(everreal: EverReal) -> None:
    number = next(numbers)
    first = everreal.new("Owner", **owner(number))
    again = everreal.new("Owner", **{**owner(number), "lastName": "Neu"})
    assert first == again
    found = everreal.read("owners", "Owner", "id lastName", filter={"externalId": f"P{number}"})
    assert found == [{"id": first, "lastName": "Neu"}]


def test_parents_must_be_there(everreal: EverReal, unit: int) -> None:
    none = {"externalPropertyId": "none"}
    assert refused(everreal.upsert("Unit", {**flat(unit), **none})) == (
        "BAD_USER_INPUT",
        "externalPropertyId",
    )
    none = {"externalOwnerId": "none"}
    assert refused(everreal.upsert("Unit", {**flat(unit), **none}))[1] == "externalOwnerId"
    assert refused(everreal.upsert("Tenant", renter(unit, externalUnitId="x")))[1] == "externalUnitId"


def test_a_missing_field_and_a_wrong_type_are_graphql_errors_that_name_the_field(everreal: EverReal) -> None:
    without = {name: value for name, value in owner(next(numbers)).items() if name != "email"}
    assert refused(everreal.upsert("Owner", without)) == ("BAD_USER_INPUT", "email")
    tenant = renter(1, coldRent=450.2)
    assert refused(everreal.upsert("Tenant", tenant)) == ("BAD_USER_INPUT", "coldRent")
    other = {**house(1), "category": "CASTLE"}
    assert refused(everreal.upsert("Property", other))[0] == "BAD_USER_INPUT"


def test_a_query_that_does_not_fit_the_schema_is_refused(everreal: EverReal) -> None:
    answer = everreal.send("{ castles { id } }")
    assert answer.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("coldRent", "450,20"),
        ("totalRent", "1.234,50"),
        ("contractStartDate", "2026-02-30"),
        ("terminationDate", "31/01/26"),
    ],
)
def test_money_and_days_of_a_tenant_are_texts_of_a_certain_form(
    everreal: EverReal, unit: int, field: str, value: str
) -> None:
    assert refused(everreal.upsert("Tenant", renter(unit, **{field: value}))) == ("BAD_USER_INPUT", field)


def test_a_tenant_keeps_what_was_sent(everreal: EverReal, unit: int) -> None:
    other = {"externalId": "x", "firstName": "Bo", "lastName": "Zweit"}
    sent = {"coldRent": "-450.20", "contractStartDate": "31.01.2020", "additionalTenants": [other]}
    id_ = everreal.new("Tenant", **renter(unit, **sent))
    fields = "id coldRent contractStartDate additionalTenants { lastName } unit { externalId }"
    external_id = f"001/{unit}/0001/01/P9"
    assert everreal.read("tenants", "Tenant", fields, filter={"externalId": external_id}) == [
        {
            "id": id_,
            "coldRent": "-450.20",
            "contractStartDate": "31.01.2020",
            "additionalTenants": [{"lastName": "Zweit"}],
            "unit": {"externalId": f"001/{unit}/0001"},
        }
    ]


def test_a_unit_is_shown_with_its_owner_its_property_and_the_fields_names_of_answers(
    everreal: EverReal, unit: int
) -> None:
    fields = "externalId hasMainStorage floorNo rooms { rooms } owner { externalId } property { externalId }"
    assert everreal.read("units", "Units", fields, filter={"externalId": f"001/{unit}/0001"}) == [
        {
            "externalId": f"001/{unit}/0001",
            "hasMainStorage": True,
            "floorNo": 3.0,
            "rooms": {"rooms": 2.5},
            "owner": {"externalId": f"P{unit}"},
            "property": {"externalId": f"001/{unit}"},
        }
    ]


def test_the_leasing_status_of_a_unit_follows_from_its_tenants(everreal: EverReal, unit: int) -> None:
    def status() -> list[str]:
        wanted = {"externalId": f"001/{unit}/0001"}
        (found,) = everreal.read("units", "Units", "leasingStatusesEnum", filter=wanted)
        return list(found["leasingStatusesEnum"])

    assert status() == ["VACANT"]
    everreal.new("Tenant", **renter(unit, contractStartDate="2020-02-01"))
    assert status() == ["LEASED"]
    end = (TODAY + timedelta(days=40)).isoformat()
    everreal.new("Tenant", **renter(unit, contractStartDate="2020-02-01", contractEndDate=end))
    assert status() == ["TERMINATED"]


@pytest.mark.parametrize(
    ("periods", "statuses"),
    [
        ([], ["VACANT"]),
        ([[date(2020, 1, 1), None]], ["LEASED"]),
        ([[date(2026, 3, 31), None]], ["LEASED"]),
        ([[date(2020, 1, 1), date(2026, 3, 31)]], ["TERMINATED"]),
        ([[date(2020, 1, 1), date(2026, 3, 30)]], ["VACANT"]),
        ([[date(2026, 4, 1), None]], ["VACANT", "RE_LEASED"]),
        ([[date(2020, 1, 1), date(2026, 5, 1)], [date(2026, 5, 2), None]], ["TERMINATED", "RE_LEASED"]),
        ([[None, None]], ["VACANT"]),
    ],
)
def test_begin_and_end_of_contracts_make_the_leasing_status(
    periods: list[list[date | None]], statuses: list[str]
) -> None:
    assert leasing(periods, date(2026, 3, 31)) == statuses


def test_a_deletion_detaches_and_the_record_stays_readable(
    sandbox: Sandbox, everreal: EverReal, unit: int
) -> None:
    external_id = f"001/{unit}/0001"
    answer = everreal.send("mutation ($id: String) { deleteUnit(externalId: $id) }", id=external_id)
    assert answer.json() == {"data": {"deleteUnit": True}}
    (kept,) = [r for r in sandbox.records("everreal", "einheiten") if r["externalUnitId"] == external_id]
    assert kept["detached"] is True
    assert len(everreal.read("units", "Units", "id", filter={"externalId": external_id})) == 1
    answer = everreal.send("mutation ($id: String) { deleteUnit(externalId: $id) }", id="none")
    assert refused(answer.json())[0] == "NOT_FOUND"


def test_a_tenant_is_detached_with_a_message_and_removed_only_without_a_contract(
    everreal: EverReal, unit: int
) -> None:
    id_ = everreal.new("Tenant", **renter(unit, contractStartDate="2020-02-01"))
    remove = "mutation ($id: String) { removeTenant(id: $id) }"
    assert refused(everreal.send(remove, id=id_).json())[0] == "CONFLICT"
    detach = "mutation ($id: String) { deleteTenant(externalId: $id) { statusCode message } }"
    answer = everreal.send(detach, id=f"001/{unit}/0001/01/P9").json()
    assert answer["data"]["deleteTenant"]["statusCode"] == 200
    everreal.new("Tenant", **renter(unit, contractStartDate=None))
    assert everreal.send(remove, id=id_).json() == {"data": {"removeTenant": True}}


def test_lists_are_paged_without_a_total(everreal: EverReal) -> None:
    group = {"name": "Gruppe"}
    ids = [f"G/{next(numbers)}" for _ in range(7)]
    for id_ in ids:
        everreal.new("PropertyGroup", externalPropertyGroupId=id_, **group)

    def page(skip: int, take: int) -> list[str]:
        paging = {"skip": skip, "take": take}
        found = everreal.read("propertyGroups", "PropertyGroup", "externalId", paging=paging)
        return [record["externalId"] for record in found]

    assert page(0, 5) == ids[:5]
    assert page(5, 5) == ids[5:]
    assert page(7, 5) == []


def test_several_mutations_in_one_request_are_done_or_refused_each_on_its_own(everreal: EverReal) -> None:
    good, bad = owner(next(numbers)), {**owner(next(numbers)), "email": "x"}
    unknown = flat(next(numbers))
    query = (
        "mutation ($a: OwnerInput!, $b: UnitInput, $c: OwnerInput!) {"
        " a: upsertOwner(owner: $a) { id } b: upsertUnit(unit: $b) { id } c: upsertOwner(owner: $c) { id } }"
    )
    answer = everreal.send(query, a=good, b=unknown, c=bad).json()
    assert answer["data"]["b"] is None
    assert answer["data"]["a"]["id"] != answer["data"]["c"]["id"]
    assert [error["path"] for error in answer["errors"]] == [["b"]]


def test_an_owner_of_the_settings_is_there_from_the_beginning(everreal: EverReal, option: SetOption) -> None:
    option("everreal", "default_owner", "BESTAND")
    number = next(numbers)
    everreal.new("Property", **house(number))
    assert "errors" not in everreal.upsert("Unit", {**flat(number), "externalOwnerId": "BESTAND"})
