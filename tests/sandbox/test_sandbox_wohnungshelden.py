"""Wohnungshelden as the sandbox plays it: each rule that its sheet asks of a simulator."""

from datetime import UTC, datetime
from itertools import count
from typing import Any
from urllib.parse import quote

import pytest
import requests

from pipelines.api.protocols import openimmo
from pipelines.sandbox.server import Sandbox
from tests.push.shape_stock import FILED
from tests.sandbox.api import Api

TOKEN = "sandbox-wohnungshelden"
numbers = count(1)
ADDRESS = {"street": "Parkstr.", "houseNumber": "1", "zipCode": "01067", "city": "Dresden"}
BODY = {
    "title": "Wohnung",
    "usage": "RESIDENTIAL",
    "address": ADDRESS,
    "livingSpace": 50,
    "netColdRent": 500,
    "releasedForMarketing": True,
}


@pytest.fixture
def vendor(sandbox: Sandbox) -> Api:
    return Api(sandbox.base_url("wohnungshelden") + "/api", {"Authorization": f"Bearer {TOKEN}"})


def put(api: Api, number: str, **more: Any) -> requests.Response:
    return api("put", path(number), {"objectNumber": number, **BODY, **more})


def path(number: str) -> str:
    return "/listing/1.0/" + quote(number, safe="")


@pytest.fixture
def number(vendor: Api) -> str:
    found = f"001/1/01/{next(numbers):04}"
    assert put(vendor, found).status_code == 201
    return found


def test_the_token_may_stand_in_either_header(sandbox: Sandbox) -> None:
    base = sandbox.base_url("wohnungshelden") + "/api"
    for headers, status in (
        ({"Authorization": f"Bearer {TOKEN}"}, 200),
        ({"X-API-Key": TOKEN}, 200),
        ({"X-API-Key": "other"}, 401),
        ({}, 401),
    ):
        assert Api(base, headers).get("/listing/1.0").status_code == status


def test_a_put_makes_a_listing_and_replaces_it(vendor: Api, number: str) -> None:
    again = put(vendor, number, title="Neu")
    assert (again.status_code, again.json()["title"], again.json()["status"]) == (200, "Neu", "ACTIVE")


def test_a_listing_that_is_removed_stays_inactive_and_returns_with_a_put(vendor: Api, number: str) -> None:
    assert vendor("delete", path(number)).status_code == 204
    assert vendor.get(path(number)).json()["status"] == "INACTIVE"
    active = vendor.get("/listing/1.0", status="ACTIVE", size=100).json()["content"]
    assert number not in [listing["objectNumber"] for listing in active]
    assert put(vendor, number).json()["status"] == "ACTIVE"


def test_what_is_required_is_refused_without_naming_a_field(vendor: Api) -> None:
    for wrong in ({"title": ""}, {"releasedForMarketing": False}, {"usage": "SHIP"}, {"netColdRent": None}):
        answer = put(vendor, "001/9", **wrong)
        assert answer.status_code == 422
        assert set(answer.json()) == {"code", "message"}
    assert vendor("delete", path("001/9")).status_code == 404


def test_an_import_is_polled_to_its_outcomes_by_object(vendor: Api) -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    made = [
        openimmo.objekt("001/7/1", FILED["objekte"][0], "", now),
        openimmo.objekt("001/7/2", {}, "DELETE", now),
    ]
    ticket = requests.post(
        vendor.base + "/import/1.0/openimmo",
        data=openimmo.transfer(made, now, "1"),
        headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/xml"},
        timeout=20,
    )
    assert ticket.status_code == 202
    state = "/import/1.0/openimmo/" + ticket.json()["importId"]
    assert vendor.get(state).json() == {"status": "RUNNING"}
    assert vendor.get(state).json() == {
        "status": "DONE",
        "results": [
            {"objectNumber": "001/7/1", "result": "CREATED", "message": None},
            {"objectNumber": "001/7/2", "result": "DEACTIVATED", "message": None},
        ],
    }
    assert vendor.get(path("001/7/1")).json()["netColdRent"] == 500.5
    assert vendor.get("/import/1.0/openimmo/none").status_code == 404
