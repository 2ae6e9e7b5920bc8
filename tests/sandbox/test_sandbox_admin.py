"""Switching from outside the process."""

from typing import Any

import pytest
import requests

from pipelines.sandbox.server import Sandbox
from tests.sandbox.api import Api


@pytest.fixture
def admin(sandbox: Sandbox) -> Api:
    return Api(sandbox.url + "/_admin")


def test_options_are_read_and_set_from_outside(sandbox: Sandbox, admin: Api, kiwi: Api) -> None:
    assert admin.get("/options").json()["kiwi.error_rate"] == "0"
    answer = admin("post", "/options", {"kiwi.error_rate": "100", "kiwi.error_status": "503"})
    assert answer.status_code == 200
    assert answer.json() == admin.get("/options").json() == sandbox.options()
    assert kiwi.get("/v1/units").status_code == 503
    assert admin("post", "/options", {"kiwi.error_rate": "0"}).status_code == 200
    assert kiwi.get("/v1/units").status_code == 200
    assert admin("post", "/options", {"kiwi.error_status": "500"}).status_code == 200


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"kiwi.colour": "red"}, "Option kiwi.colour: no such option; known: "),
        ({"colour": "red"}, "Option colour: no such partner; known: aktivbo, "),
        ({"kiwi.error_rate": 5}, "Option kiwi.error_rate: the value must be a text."),
        (["kiwi.error_rate"], "The body must be a JSON object."),
    ],
)
def test_what_is_wrong_is_refused_as_a_whole(sandbox: Sandbox, admin: Api, body: Any, message: str) -> None:
    before = sandbox.options()
    answer = admin("post", "/options", {"kiwi.in_flight": "3", **body} if isinstance(body, dict) else body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(message)
    assert sandbox.options() == before


def test_records_are_tampered_with_from_outside(sandbox: Sandbox, admin: Api, kiwi: Api) -> None:
    for n in range(5):
        kiwi.new("/v1/units", external_id=f"T-{n}", name="WE")
    body = {"partner": "kiwi", "entity": "verwaltungseinheiten", "seed": 1, "deleted": 2}
    done = admin("post", "/tamper", body).json()
    assert done.keys() == {"changed", "deleted", "added"}
    gone = {touched["external_id"] for touched in done["deleted"]}
    assert len(gone) == 2
    held = {record["external_id"] for record in sandbox.records("kiwi", "verwaltungseinheiten")}
    assert held == {f"T-{n}" for n in range(5)} - gone


@pytest.mark.parametrize(
    "body", [{"partner": "nobody", "entity": "x"}, {"deleted": "2"}, {"deleted": -1}, {"delete": 1}]
)
def test_tampering_that_cannot_be_read_is_refused(admin: Api, body: dict[str, Any]) -> None:
    whole = {"partner": "kiwi", "entity": "verwaltungseinheiten", "seed": 1, **body}
    answer = admin("post", "/tamper", whole)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_form_of_a_web_page_changes_nothing(sandbox: Sandbox) -> None:
    answer = requests.post(
        sandbox.url + "/_admin/options",
        data='{"kiwi.down": "503"}',
        headers={"Content-Type": "text/plain"},
        timeout=20,
    )
    assert answer.status_code == 400
    assert sandbox.option("kiwi", "down") == "no"


def test_the_switches_lie_under_no_partner_and_meet_no_faults(sandbox: Sandbox, admin: Api) -> None:
    assert requests.get(sandbox.base_url("kiwi") + "/_admin/options", timeout=20).status_code == 401
    before = len(sandbox.requests("kiwi"))
    sandbox.set_option("kiwi", "down", "reset")
    assert admin("post", "/options", {"kiwi.down": "no"}).status_code == 200
    assert len(sandbox.requests("kiwi")) == before
