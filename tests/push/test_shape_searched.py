"""A partner that is searched with POST, keeps external ids without making them unique, and merges what it is sent."""

import copy
from typing import Any

import pytest

from pipelines.api.connector import connector
from pipelines.readback.adopt import adopt
from pipelines.readback.verify import verify
from tests.push.shape_stock import SEARCHED
from tests.push.site import Site


def dossiers(site: Site) -> dict[str, Any]:
    return {record["sourceId"]: record for record in site.sandbox.records("searched", "dossiers")}


def test_each_create_is_preceded_by_a_look_up(shapes: Site) -> None:
    lines = shapes.sync("searched", SEARCHED)
    assert (lines["dossiers"].created, lines["dossiers"].undelivered) == (3, 0)
    assert sorted(shapes.sent("searched")) == [
        *["POST /api/v1/dossiers 200"] * 3,
        *["POST /api/v1/dossiers/search 200"] * 3,
    ]
    assert shapes.ledger("select sum(requests) from sync.attempts") == [(6,)]


def test_constants_of_the_api_go_with_each_record_and_a_setting_is_filled_in(
    shapes: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes.sync("searched", SEARCHED)
    record = dossiers(shapes)["001/1/2"]
    assert (record["countryCode"], record["meta"]) == ("DE", {"source": "stammdaten"})
    monkeypatch.setenv("DESTINATION__SEARCHED__SOURCE", "hausmeister")
    rows = {"dossiers": [{**SEARCHED["dossiers"][0], "title": "Dachwohnung"}]}
    shapes.sync("searched", rows)
    record = dossiers(shapes)["001/1/0"]
    assert (record["title"], record["meta"]) == ("Dachwohnung", {"source": "hausmeister"})


def test_one_hit_is_changed_and_several_are_left_to_a_person(shapes: Site) -> None:
    shapes.sync("searched", SEARCHED)
    client = connector("searched").client
    twin = {"sourceId": "001/1/1", "countryCode": "DE", "property": {"buildingYear": 1950}}
    assert client.call("post", "/dossiers", twin).ok
    client.close()
    shapes.ledger("delete from sync.ledger")
    lines = shapes.sync("searched", SEARCHED)
    assert (lines["dossiers"].created, lines["dossiers"].rejected) == (2, 1)
    assert len(shapes.sandbox.records("searched", "dossiers")) == 4
    assert shapes.ledger("select external_id, reason from sync.ledger where state = 'rejected'") == [
        ("001/1/1", "ambiguous")
    ]


def test_a_look_up_without_an_answer_creates_nothing(shapes: Site) -> None:
    shapes.sandbox.set_option("searched", "error_rate", "100")
    shapes.sandbox.set_option("searched", "error_status", "503")
    shapes.sandbox.set_option("searched", "fault_on", "/search$")
    lines = shapes.sync("searched", {"dossiers": SEARCHED["dossiers"][:1]})
    assert lines["dossiers"].pending == 1
    assert shapes.ledger("select reason from sync.ledger") == [("unavailable",)]
    assert shapes.sandbox.records("searched", "dossiers") == []


def test_a_cleared_field_of_an_object_is_sent_as_null_so_that_a_merge_clears_it(shapes: Site) -> None:
    shapes.sandbox.set_option("searched", "log_bodies", "yes")
    shapes.sync("searched", SEARCHED)
    rows = copy.deepcopy(SEARCHED)
    rows["dossiers"][1]["property"] = {"buildingYear": 1901, "rooms": None, "hasLift": True}
    shapes.sync("searched", rows)
    last = shapes.sandbox.requests("searched")[-1]
    assert last.method == "PATCH"
    assert '"property": {"buildingYear": 1901, "rooms": null, "hasLift": true}' in (last.body or "")
    assert '"title"' not in (last.body or "")
    assert dossiers(shapes)["001/1/1"]["property"] == {"buildingYear": 1901, "rooms": None, "hasLift": True}


@pytest.mark.sampled
@pytest.mark.parametrize("number", [3, 4, 6])
def test_the_list_is_a_search_that_pages_in_its_body(shapes: Site, number: int) -> None:
    one = SEARCHED["dossiers"][0]
    rows = {"dossiers": [{**one, "external_id": f"001/{n}"} for n in range(number)]}
    shapes.sync("searched", rows)
    shapes.ledger("delete from sync.ledger")
    adoption = adopt(shapes.home, connector("searched"), apply=True)
    assert (adoption.counts[0].by_external_id, adoption.counts[0].differing) == (number, 0)
    assert verify(shapes.home, connector("searched")).findings == ()


def test_a_create_whose_answer_is_lost_is_found_by_its_id(shapes: Site) -> None:
    shapes.sandbox.set_option("searched", "cut_after_rate", "100")
    shapes.sandbox.set_option("searched", "fault_on", "/dossiers$")
    shapes.sandbox.set_option("searched", "fault_limit", "2")
    lines = shapes.sync("searched", SEARCHED)
    assert lines["dossiers"].undelivered == 0
    assert len(shapes.sandbox.records("searched", "dossiers")) == 3
