"""casavi as the sandbox plays it: each rule that its sheet asks of a simulator."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import quote

import pytest
import requests

from pipelines.sandbox.server import Sandbox
from tests.sandbox.api import Api

SetOption = Callable[[str, str, str], None]
LOGIN = {"key": "sandbox", "secret": "sandbox-casavi"}
numbers = count(1)


@pytest.fixture
def casavi(sandbox: Sandbox) -> Api:
    base = sandbox.base_url("casavi")
    token = requests.post(base + "/v2/authenticate", json=LOGIN, timeout=20).json()["token"]
    return Api(base, {"token": token})


def put(api: Api, kind: str, id: str, **body: Any) -> requests.Response:
    return api("put", f"/v2/{kind}/{quote(id, safe='')}", body)


def read(api: Api, kind: str, id: str) -> Any:
    return api.get(f"/v2/{kind}/{quote(id, safe='')}").json()


def refused(response: requests.Response) -> tuple[int, list[str]]:
    return response.status_code, [error["field"] for error in response.json()["errors"]]


@pytest.fixture
def property_id(casavi: Api) -> str:
    id = f"001/{next(numbers):04}"
    assert put(casavi, "properties", id, name="Am Park").status_code == 201
    return id


@pytest.fixture
def unit_id(casavi: Api, property_id: str) -> str:
    id = f"{property_id}/01/0001"
    assert put(casavi, "units", id, propertyId=property_id, name="Wohnung 1").status_code == 201
    return id


@pytest.fixture
def contact_id(casavi: Api) -> str:
    id = f"P{next(numbers):04}"
    assert put(casavi, "contacts", id, lastName="Muster").status_code == 201
    return id


def test_key_and_secret_give_a_token_for_a_month(sandbox: Sandbox) -> None:
    answer = requests.post(sandbox.base_url("casavi") + "/v2/authenticate", json=LOGIN, timeout=20).json()
    assert set(answer) == {"token", "expiresAt"}
    lasts = datetime.fromisoformat(answer["expiresAt"]) - datetime.now(UTC)
    assert timedelta(days=29.9) < lasts <= timedelta(days=30)


@pytest.mark.parametrize(("body", "status"), [({**LOGIN, "secret": "other"}, 401), ({"key": "sandbox"}, 400)])
def test_a_wrong_login_is_refused(sandbox: Sandbox, body: Any, status: int) -> None:
    address = sandbox.base_url("casavi") + "/v2/authenticate"
    assert requests.post(address, json=body, timeout=20).status_code == status


def test_the_token_has_a_header_of_its_own_and_a_bearer_header_fails(sandbox: Sandbox, casavi: Api) -> None:
    assert casavi.get("/v2/properties").status_code == 200
    login = requests.post(sandbox.base_url("casavi") + "/v2/authenticate", json=LOGIN, timeout=20).json()
    bearer = Api(sandbox.base_url("casavi"), {"Authorization": f"Bearer {login['token']}"})
    assert bearer.get("/v2/properties").status_code == 401


def test_an_expired_token_is_refused(sandbox: Sandbox, option: SetOption) -> None:
    option("casavi", "token_seconds", "0")
    base = sandbox.base_url("casavi")
    token = requests.post(base + "/v2/authenticate", json=LOGIN, timeout=20).json()["token"]
    assert Api(base, {"token": token}).get("/v2/contacts").status_code == 401


@pytest.mark.parametrize("id", ["001/0007", "001|0007", "WE 7 Süd", "a%2Fb", "50%", "x?y#z", "ü+&=;"])
def test_an_id_of_any_characters_survives_the_path(casavi: Api, id: str) -> None:
    made = put(casavi, "properties", id, name="Am Park")
    assert (made.status_code, made.json()["id"]) == (201, id)
    assert read(casavi, "properties", id) == made.json()
    again = put(casavi, "properties", id, name="Am See")
    assert (again.status_code, again.json()["name"]) == (200, "Am See")
    assert again.json()["internalId"] == made.json()["internalId"]


def test_an_id_that_is_not_encoded_is_another_path(casavi: Api) -> None:
    assert casavi("put", "/v2/properties/001/0815", {"name": "x"}).status_code == 404


def test_a_put_makes_a_record_with_a_number_of_casavis_own(casavi: Api, property_id: str) -> None:
    shown = read(casavi, "properties", property_id)
    assert (shown["id"], shown["name"], shown["city"]) == (property_id, "Am Park", None)
    assert isinstance(shown["internalId"], int)
    assert shown["appLink"].endswith(f"/properties/{shown['internalId']}")


def test_a_put_replaces_the_fields_that_are_given_and_leaves_the_others(
    casavi: Api, property_id: str
) -> None:
    put(casavi, "properties", property_id, name="Am Park", city="Kiel", note="Schlüssel beim Hauswart")
    put(casavi, "properties", property_id, name="Am See", city=None)
    shown = read(casavi, "properties", property_id)
    assert (shown["name"], shown["city"], shown["note"]) == ("Am See", None, "Schlüssel beim Hauswart")


def test_what_is_required_is_required_of_every_put(casavi: Api, property_id: str, unit_id: str) -> None:
    assert refused(put(casavi, "properties", property_id, city="Kiel")) == (400, ["name"])
    assert refused(put(casavi, "units", unit_id, propertyId=property_id, name="")) == (400, ["name"])
    assert refused(put(casavi, "contacts", "P-neu", firstName="Ada")) == (400, ["lastName"])
    assert put(casavi, "contacts", "P-neu", companyName="Kiosk Nord GmbH").status_code == 201


def test_an_unknown_parent_is_not_found(casavi: Api, unit_id: str, contact_id: str) -> None:
    assert refused(put(casavi, "units", "x", propertyId="none", name="1")) == (404, ["propertyId"])
    body = {"type": "RENTER", "unitId": unit_id, "contactId": "none", "startDate": "2020-02-01"}
    assert refused(put(casavi, "contracts", "x", **body)) == (404, ["contactId"])
    assert casavi.get("/v2/contracts/x").status_code == 404


def test_a_contract_has_one_of_two_types_and_a_begin(casavi: Api, unit_id: str, contact_id: str) -> None:
    body = {"type": "RENTER", "unitId": unit_id, "contactId": contact_id, "startDate": "2020-02-01"}
    assert refused(put(casavi, "contracts", "x", **{**body, "type": "GUEST"})) == (400, ["type"])
    assert refused(put(casavi, "contracts", "x", **{**body, "startDate": None})) == (400, ["startDate"])
    assert refused(put(casavi, "contracts", "x", **{**body, "startDate": "1.2.2020"})) == (400, ["startDate"])


def test_the_units_of_a_property_are_grouped_by_their_street_line(casavi: Api, property_id: str) -> None:
    for number, street in (("1", "Am Park 1"), ("2", "Am Park 3"), ("3", "Am Park 1"), ("4", None)):
        put(casavi, "units", f"{property_id}/{number}", propertyId=property_id, name=number, address=street)
    assert read(casavi, "properties", property_id)["addresses"] == [
        {"street": "Am Park 1", "units": [f"{property_id}/1", f"{property_id}/3"]},
        {"street": "Am Park 3", "units": [f"{property_id}/2"]},
    ]


def test_addresses_that_were_written_into_a_property_are_shown(casavi: Api, property_id: str) -> None:
    written = [{"street": "Am Park 1", "units": [f"{property_id}/not/yet"]}]
    assert put(casavi, "properties", property_id, name="x", addresses=written).json()["addresses"] == written
    assert refused(put(casavi, "properties", property_id, name="x", addresses=[{"street": "y"}])) == (
        400,
        ["addresses.0.units"],
    )


def test_contracts_are_shown_in_their_contact_and_unit_without_ended_ones_there(
    casavi: Api, property_id: str, unit_id: str, contact_id: str
) -> None:
    today = date.today()
    common = {
        "unitId": unit_id,
        "contactId": contact_id,
        "propertyId": property_id,
        "startDate": "2020-02-01",
    }
    ends = {"running": None, "today": today.isoformat(), "over": (today - timedelta(days=1)).isoformat()}
    for number, end in ends.items():
        put(casavi, "contracts", f"{unit_id}/{number}", type="RENTER", number=number, endDate=end, **common)
    shown = read(casavi, "contacts", contact_id)["contracts"]
    assert [contract["endDate"] for contract in shown] == list(ends.values())
    assert shown[0] == {
        "type": "RENTER",
        "propertyId": property_id,
        "unitId": unit_id,
        "startDate": "2020-02-01",
        "endDate": None,
    }

    def ends_of(**query: str) -> list[Any]:
        units = casavi.get("/v2/units", **query).json()["list"]
        (unit,) = [unit for unit in units if unit["id"] == unit_id]
        return [contract["endDate"] for contract in unit["contracts"]]

    assert ends_of() == ends_of(includeInactiveContracts="false") == list(ends.values())[:2]
    assert ends_of(includeInactiveContracts="true") == list(ends.values())
    assert len(read(casavi, "units", unit_id)["contracts"]) == 2


def test_a_list_is_followed_by_absolute_links_to_its_end(casavi: Api) -> None:
    ids = [f"Liste/{number:02}" for number in range(7)]
    for id in ids:
        put(casavi, "contacts", id, lastName="Muster")
    page = casavi.get("/v2/contacts", pageSize=3).json()
    found = [contact["id"] for contact in page["list"]]
    while page["_links"]["next"]:
        assert page["_links"]["next"].startswith(casavi.base + "/v2/contacts?")
        page = casavi("get", page["_links"]["next"].removeprefix(casavi.base)).json()
        found += [contact["id"] for contact in page["list"]]
    assert found[-7:] == ids
    assert len(found) == len(set(found))


def test_lists_can_be_asked_for_what_changed(casavi: Api, property_id: str) -> None:
    before = read(casavi, "properties", property_id)["id"]
    since = datetime.now(UTC).isoformat()
    id = f"{property_id}-neu"
    put(casavi, "properties", id, name="Neubau")
    found = [shown["id"] for shown in casavi.get("/v2/properties", modifiedAfter=since).json()["list"]]
    assert id in found
    assert before not in found


def test_what_others_refer_to_is_not_deleted_and_a_contact_never_is(
    casavi: Api, property_id: str, unit_id: str, contact_id: str
) -> None:
    def delete(kind: str, id: str) -> int:
        return casavi("delete", f"/v2/{kind}/{quote(id, safe='')}").status_code

    contract = {"type": "OWNER", "unitId": unit_id, "contactId": contact_id, "startDate": "2020-02-01"}
    put(casavi, "contracts", f"{unit_id}/E01", **contract)
    assert (delete("properties", property_id), delete("units", unit_id)) == (409, 409)
    assert delete("contacts", contact_id) == 405
    assert delete("contracts", f"{unit_id}/E01") == 204
    assert (delete("units", unit_id), delete("properties", property_id)) == (204, 204)


def test_contracts_of_both_kinds_are_told_apart(
    sandbox: Sandbox, casavi: Api, unit_id: str, contact_id: str
) -> None:
    for kind in ("RENTER", "OWNER"):
        body = {"type": kind, "unitId": unit_id, "contactId": contact_id, "startDate": "2020-02-01"}
        put(casavi, "contracts", f"{unit_id}/{kind}", **body)
    renters = [record["id"] for record in sandbox.records("casavi", "vertraege_mieter")]
    owners = [record["id"] for record in sandbox.records("casavi", "vertraege_eigentuemer")]
    assert (f"{unit_id}/RENTER" in renters, f"{unit_id}/RENTER" in owners) == (True, False)
    assert (f"{unit_id}/OWNER" in renters, f"{unit_id}/OWNER" in owners) == (False, True)
