"""PriceHubble as the sandbox plays it: each rule that its sheet asks of a simulator."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
import requests

from pipelines.sandbox.server import Sandbox
from tests.sandbox.api import Api

SetOption = Callable[[str, str, str], None]
LOGIN = {"username": "sandbox", "password": "sandbox-pricehubble"}
DOSSIERS = "/api/v1/dossiers"
ADDRESS = {"street": "Uferstr.", "houseNumber": "7", "postCode": "13357", "city": "Berlin"}
PROPERTY = {
    "location": {"address": ADDRESS},
    "propertyType": {"code": "apartment"},
    "buildingYear": 1928,
    "livingArea": 54.3,
    "numberOfRooms": 2.5,
}
numbers = count(1)


def body(**more: Any) -> dict[str, Any]:
    fields = {"title": "Uferstr. 7", "dealType": "rent", "countryCode": "DE", "property": PROPERTY}
    return {**fields, "sourceDossierId": f"001_{next(numbers):04}", **more}


@pytest.fixture
def pricehubble(sandbox: Sandbox) -> Api:
    base = sandbox.base_url("pricehubble")
    token = requests.post(base + "/auth/login/credentials", json=LOGIN, timeout=20).json()["access_token"]
    return Api(base, {"Authorization": f"Bearer {token}"})


def new(api: Api, **more: Any) -> str:
    answer = api("post", DOSSIERS, body(**more))
    assert (answer.status_code, list(answer.json())) == (200, ["id"])
    return str(answer.json()["id"])


def refused(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["message"]


def test_a_token_of_32_characters_lasts_twelve_hours(sandbox: Sandbox) -> None:
    address = sandbox.base_url("pricehubble") + "/auth/login/credentials"
    answer = requests.post(address, json=LOGIN, timeout=20).json()
    assert (len(answer["access_token"]), answer["expires_in"]) == (32, 43200)
    wrong = requests.post(address, json={**LOGIN, "password": "other"}, timeout=20)
    assert wrong.status_code == 401


def test_a_request_without_a_good_token_is_refused_in_the_form_of_oauth(
    sandbox: Sandbox, option: SetOption
) -> None:
    base = sandbox.base_url("pricehubble")
    answer = requests.post(base + DOSSIERS, json=body(), timeout=20)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_request")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="service"'
    option("pricehubble", "token_seconds", "0")
    token = requests.post(base + "/auth/login/credentials", json=LOGIN, timeout=20).json()["access_token"]
    expired = Api(base, {"Authorization": f"Bearer {token}"})("post", DOSSIERS, body())
    assert (expired.status_code, expired.json()["error"]) == (401, "invalid_token")


def test_a_dossier_is_created_with_its_id_alone_and_read_whole(pricehubble: Api) -> None:
    made = new(pricehubble, title="Wohnung 7")
    shown = pricehubble.get(f"{DOSSIERS}/{made}").json()
    assert shown["id"] == made
    assert (shown["title"], shown["dealType"], shown["countryCode"]) == ("Wohnung 7", "rent", "DE")
    assert shown["property"] == PROPERTY
    assert shown["isValuationStale"] is True


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"livingArea": 9.99}, (400, "livingArea: Must be between 10 and 800")),
        ({"livingArea": 800.01}, (400, "livingArea: Must be between 10 and 800")),
        ({"numberOfRooms": 20.5}, (400, "numberOfRooms: Must be between 1 and 20")),
        ({"buildingYear": 1849}, (400, "buildingYear: Must be between 1850 and {latest}")),
        ({"buildingYear": "later"}, (400, "buildingYear: Must be between 1850 and {latest}")),
        ({"propertyType": {"code": "house"}}, (403, "'landArea' is a required property")),
        ({"livingArea": None}, (400, "livingArea: has the wrong type")),
    ],
)
def test_a_property_outside_the_limits_is_refused_in_words(
    pricehubble: Api, change: dict[str, Any], answer: tuple[int, str]
) -> None:
    latest = datetime.now(UTC).year + 3
    if change.get("buildingYear") == "later":
        change = {"buildingYear": latest + 1}
    response = pricehubble("post", DOSSIERS, body(property={**PROPERTY, **change}))
    assert refused(response) == (answer[0], answer[1].format(latest=latest))


def test_a_refusal_is_a_problem_in_json_and_an_absent_field_a_403(pricehubble: Api) -> None:
    wrong = pricehubble("post", DOSSIERS, body(property={**PROPERTY, "livingArea": 1}))
    assert wrong.headers["Content-Type"] == "application/problem+json"
    absent = {name: value for name, value in PROPERTY.items() if name != "livingArea"}
    assert refused(pricehubble("post", DOSSIERS, body(property=absent))) == (
        403,
        "'livingArea' is a required property",
    )


def test_the_country_is_judged_before_the_property(pricehubble: Api) -> None:
    answer = pricehubble("post", DOSSIERS, body(countryCode="XX", property={}))
    assert refused(answer) == (400, "Unsupported country code")


def test_a_patch_merges_nested_fields_and_null_clears_one(pricehubble: Api) -> None:
    made = new(pricehubble)
    change = {"property": {"numberOfRooms": None, "location": {"address": {"street": "Neue Str."}}}}
    assert pricehubble("patch", f"{DOSSIERS}/{made}", change).status_code == 200
    shown = pricehubble.get(f"{DOSSIERS}/{made}").json()["property"]
    assert shown == {
        **PROPERTY,
        "numberOfRooms": None,
        "location": {"address": {**ADDRESS, "street": "Neue Str."}},
    }


def test_our_id_need_not_be_unique_and_is_found_by_search(pricehubble: Api) -> None:
    first, second = (new(pricehubble, sourceDossierId="A/1") for _ in range(2))
    found = pricehubble(
        "post", DOSSIERS + "/search", {"filters": {"sourceDossierId": "A/1"}, "countryCode": "DE"}
    )
    assert [item["id"] for item in found.json()["items"]] == [first, second]
    assert found.json()["totalItems"] == 2
    none = pricehubble(
        "post", DOSSIERS + "/search", {"filters": {"sourceDossierId": "A"}, "countryCode": "DE"}
    )
    assert none.json() == {"items": [], "totalItems": 0}


def test_a_search_is_paged_by_offset_and_limit_and_needs_a_country(pricehubble: Api) -> None:
    made = [new(pricehubble) for _ in range(13)]
    search = DOSSIERS + "/search"
    total = pricehubble("post", search, {"countryCode": "DE"}).json()["totalItems"]
    assert len(pricehubble("post", search, {"countryCode": "DE"}).json()["items"]) == 10
    page = pricehubble("post", search, {"countryCode": "DE", "limit": 7, "offset": total - 5}).json()
    assert [item["id"] for item in page["items"]] == made[-5:]
    assert refused(pricehubble("post", search, {"limit": 7}))[0] == 403
    assert pricehubble.get(DOSSIERS).status_code == 405


def test_a_deleted_dossier_is_answered_with_null_and_not_found_again(pricehubble: Api) -> None:
    made = new(pricehubble)
    answer = pricehubble("delete", f"{DOSSIERS}/{made}")
    assert (answer.status_code, answer.json()) == (200, None)
    gone = pricehubble("delete", f"{DOSSIERS}/{made}")
    assert (gone.status_code, gone.headers["Content-Type"]) == (404, "application/problem+json")


def test_a_valuation_is_kept_until_the_property_changes(pricehubble: Api) -> None:
    made = new(pricehubble)
    valued = pricehubble("post", f"{DOSSIERS}/{made}/valuation").json()
    # 54.3 m² at 11 EUR
    assert valued["valuationRentNet"]["value"] == 597.3
    assert pricehubble("post", f"{DOSSIERS}/{made}/valuation").json() == valued
    shown = pricehubble.get(f"{DOSSIERS}/{made}").json()
    assert (shown["isValuationStale"], shown["valuationSale"]) == (False, valued["valuationSale"])
    pricehubble("patch", f"{DOSSIERS}/{made}", {"title": "Neu"})
    assert pricehubble.get(f"{DOSSIERS}/{made}").json()["isValuationStale"] is False
    pricehubble("patch", f"{DOSSIERS}/{made}", {"property": {"livingArea": 60}})
    assert pricehubble.get(f"{DOSSIERS}/{made}").json()["isValuationStale"] is True


def test_a_valuation_can_be_refused_and_needs_a_dossier(pricehubble: Api, option: SetOption) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    answer = pricehubble("post", f"{DOSSIERS}/{unknown}/valuation")
    assert refused(answer) == (404, f"Dossier {unknown} not found.")
    option("pricehubble", "valuation", "off")
    assert refused(pricehubble("post", f"{DOSSIERS}/{new(pricehubble)}/valuation")) == (403, "Forbidden")
