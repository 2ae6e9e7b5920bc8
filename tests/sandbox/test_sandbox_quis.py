"""QUIS as the sandbox plays it: each rule that its sheet asks of a simulator."""

import time
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
import requests

from pipelines.sandbox.server import Sandbox
from tests.sandbox.api import Api

SetOption = Callable[[str, str, str], None]
KEY = "sandbox-quis"
PLACE = {"address": {"unstructured": "Uferstr. 7, 13357 Berlin"}}
numbers = count(1)


class Keyed(Api):
    """Adds the key to every query."""

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        query = {"api_key": KEY, **more.pop("params", {})}
        return super().__call__(method, path, body, params=query, **more)

    def new(self, path: str, **body: Any) -> Any:
        """Creates a record; QUIS answers 200."""
        answer = self("post", path, {"externalId": f"001/{next(numbers):04}", **body})
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def quis(sandbox: Sandbox) -> Keyed:
    return Keyed(sandbox.base_url("quis") + "/api/v2")


def listed(quis: Keyed, path: str = "/property_groups", **query: Any) -> list[str]:
    return [item["id"] for item in quis.get(path, limit=100, **query).json()["items"]]


def test_the_key_stands_in_the_query_and_in_no_log(sandbox: Sandbox, quis: Keyed) -> None:
    assert quis.get("/property_groups").status_code == 200
    without = Api(quis.base).get("/property_groups")
    assert (without.status_code, without.json()) == (401, {"error": "not authorized"})
    assert Api(quis.base).get("/property_groups", api_key="wrong").status_code == 401
    assert KEY not in str(sandbox.requests("quis"))
    assert "wrong" not in str(sandbox.requests("quis"))


def test_a_group_is_shown_with_what_lies_below_it(quis: Keyed) -> None:
    top = quis.new("/property_groups", customId="7")
    below = quis.new("/property_groups", customId="7/1", parentId=top["id"], location=PLACE)
    quis.new(
        "/properties",
        parentId=below["id"],
        location=PLACE,
        propertyType={"type": "apartment", "subtype": "apartment_loft"},
    )
    shown = quis.get(f"/property_groups/{top['id']}").json()
    assert (shown["totalPropertyGroups"], shown["totalProperties"]) == (1, 0)
    shown = quis.get(f"/property_groups/{below['id']}").json()
    assert (shown["totalPropertyGroups"], shown["totalProperties"]) == (0, 1)
    assert shown["meta"] == {
        "url": f"https://quis.de/app/companies/1/estate_groups/{below['id']}",
        "version": "2.14.0",
    }


def test_a_list_shows_the_top_or_what_lies_below_one_group(quis: Keyed) -> None:
    top, other = quis.new("/property_groups"), quis.new("/property_groups")
    below = quis.new("/property_groups", parentId=top["id"])
    everything_at_the_top = listed(quis)
    assert {top["id"], other["id"]} <= set(everything_at_the_top)
    assert below["id"] not in everything_at_the_top
    assert listed(quis, parentId=top["id"]) == [below["id"]]
    assert listed(quis, parentId=other["id"]) == []
    assert quis.get("/property_groups").json()["meta"] == {"url": None, "version": "2.14.0"}


def test_a_query_finds_a_text_at_any_depth_and_in_any_field(quis: Keyed) -> None:
    top = quis.new("/property_groups", customId="Q-1")
    below = quis.new("/property_groups", customId="Q-12", parentId=top["id"])
    place = {"address": {"unstructured": "Am Q-1, 13357 Berlin"}}
    third = quis.new("/property_groups", customId="other", location=place)
    assert listed(quis, query="Q-1") == [top["id"], below["id"], third["id"]]
    assert listed(quis, query="Q-12") == [below["id"]]


def test_lists_are_paged_by_offset_and_show_ten_unless_asked_for_more(quis: Keyed) -> None:
    top = quis.new("/property_groups")
    made = [quis.new("/property_groups", parentId=top["id"])["id"] for _ in range(12)]
    page = quis.get("/property_groups", parentId=top["id"]).json()
    assert (len(page["items"]), page["totalItems"]) == (10, 12)
    page = quis.get("/property_groups", parentId=top["id"], limit=5, offset=10).json()
    assert [item["id"] for item in page["items"]] == made[-2:]


def test_an_address_is_shown_in_one_line_with_coordinates(quis: Keyed) -> None:
    parts = {"street": "Uferstr.", "houseNumber": "7", "postCode": "13357", "city": "Berlin"}
    shown = quis.new("/property_groups", location={"address": parts})["location"]
    assert shown["address"] == {"unstructured": "Uferstr. 7, 13357 Berlin"}
    same = quis.new("/property_groups", location=PLACE)["location"]
    assert same == shown
    both = {"address": {**parts, "unstructured": "Anderswo 1, 1 Ort"}, "coordinates": {"latitude": 52.5}}
    shown = quis.new("/property_groups", location=both)["location"]
    assert shown == {
        "address": {"unstructured": "Anderswo 1, 1 Ort"},
        "coordinates": {"latitude": 52.5},
    }


def test_an_address_that_cannot_be_found_is_refused(quis: Keyed, option: SetOption) -> None:
    option("quis", "unknown_address", "Nirgends")
    place = {"address": {"unstructured": "Nirgends 1, 13357 Berlin"}}
    answer = quis("post", "/property_groups", {"externalId": "x", "location": place})
    assert (answer.status_code, answer.json()) == (400, {"error": "address or coordinate not found"})
    empty = quis("post", "/property_groups", {"externalId": "x", "location": {"address": {}}})
    assert empty.status_code == 400
    assert quis.new("/property_groups", location=None)["location"] is None


def test_a_patch_changes_the_given_fields_and_null_clears_one(quis: Keyed) -> None:
    made = quis.new("/property_groups", customId="7", location=PLACE)
    answer = quis("patch", f"/property_groups/{made['id']}", {"customId": "8"})
    assert (answer.status_code, answer.json()["customId"]) == (200, "8")
    assert answer.json()["location"]["address"] == PLACE["address"]
    cleared = quis("patch", f"/property_groups/{made['id']}", {"location": None}).json()
    assert cleared["location"] is None


def test_our_id_need_not_be_unique(quis: Keyed) -> None:
    first, second = (quis.new("/property_groups", externalId="U-9") for _ in range(2))
    assert listed(quis, query="U-9") == [first["id"], second["id"]]


def test_a_property_is_a_flat_or_a_house(quis: Keyed) -> None:
    for kind in ("apartment_building", "plot"):
        answer = quis("post", "/properties", {"propertyType": {"type": kind}, "location": PLACE})
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["propertyType.type"])
    answer = quis("post", "/properties", {"location": PLACE})
    assert answer.json() == {"errors": {"propertyType": ["is required"]}}


def test_a_parent_that_does_not_exist_is_refused(quis: Keyed) -> None:
    answer = quis("post", "/property_groups", {"parentId": "none"})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["parentId"])


def test_a_group_with_something_below_it_is_not_deleted(quis: Keyed) -> None:
    top = quis.new("/property_groups")
    below = quis.new("/property_groups", parentId=top["id"])
    assert quis("delete", f"/property_groups/{top['id']}").status_code == 409
    assert quis("delete", f"/property_groups/{below['id']}").status_code == 204
    assert quis("delete", f"/property_groups/{top['id']}").status_code == 204


def test_the_requests_of_a_day_are_limited_and_told(quis: Keyed, option: SetOption) -> None:
    assert "X-RateLimit-Remaining" not in quis.get("/property_groups").headers
    option("quis", "per_day", "100000")
    before = int(quis.get("/property_groups").headers["X-RateLimit-Remaining"])
    answer = quis.get("/property_groups")
    assert int(answer.headers["X-RateLimit-Remaining"]) == before - 1
    ahead = int(answer.headers["X-RateLimit-Reset"]) - time.time()
    assert 0 < ahead <= 86_400
    option("quis", "day_starts", str((time.gmtime().tm_hour + 12) % 24))
    later = int(quis.get("/property_groups").headers["X-RateLimit-Reset"]) - time.time()
    assert 10 * 3_600 < later <= 12 * 3_600
    option("quis", "per_day", "1")
    refused = quis.get("/property_groups")
    assert (refused.status_code, refused.json()) == (429, {"error": "rate limit exceeded"})
    assert refused.headers["X-RateLimit-Remaining"] == "0"
