"""etg24 over real HTTP: onboarding, a second run, changes, ends, and a partner that keeps few of our ids."""

import copy

import duckdb
import pytest

from pipelines.api.connector import connector
from pipelines.readback.adopt import adopt
from tests.push.site import Site
from tests.push.stock import HOUSE


def test_a_first_push_creates_everything_once_and_parents_first(site: Site) -> None:
    lines = site.sync("etg24", HOUSE)
    assert {name: line.created for name, line in lines.items()} == {
        "objektgruppen": 1,
        "objekte": 2,
        "objekt_adressen": 2,
        "einheiten": 3,
        "mietvertraege": 2,
        "eigentuemervertraege": 1,
        "mieter": 3,
        "eigentuemer": 1,
    }
    assert sum(line.undelivered for line in lines.values()) == 0
    assert len(site.sent("etg24")) == 15
    units = {unit["extId"]: unit for unit in site.sandbox.records("etg24", "einheiten")}
    objects = {o["extId"]: o["id"] for o in site.sandbox.records("etg24", "objekte")}
    assert units["001/1/01/0002"]["objectId"] == objects["001/1/01"]
    assert units["001/1/01/0002"]["area"] == 70.5


def test_a_changed_row_sends_its_changed_field_alone(site: Site) -> None:
    site.sandbox.set_option("etg24", "log_bodies", "yes")
    site.sync("etg24", HOUSE)
    before = len(site.sent("etg24"))
    rows = copy.deepcopy(HOUSE)
    rows["einheiten"][1]["area"] = 71.0
    lines = site.sync("etg24", rows)
    (request,) = site.sandbox.requests("etg24")[before:]
    assert (request.method, request.body) == ("PATCH", '{"area": 71.0}')
    assert lines["einheiten"].updated == 1


def test_a_lease_that_left_is_ended_and_taken_up_again_when_it_returns(site: Site) -> None:
    site.sync("etg24", HOUSE)
    gone = {**HOUSE, "mietvertraege": HOUSE["mietvertraege"][:1], "mieter": HOUSE["mieter"][:2]}
    lines = site.sync("etg24", gone)
    assert (lines["mietvertraege"].withdrawn, lines["mieter"].withdrawn) == (1, 1)
    ends = {c["extId"]: c["validTo"] for c in site.sandbox.records("etg24", "mietvertraege")}
    assert ends == {"001/1/01/0001/01": None, "001/1/01/0002/01": "2026-11-21"}
    site.sync("etg24", HOUSE)
    ends = {c["extId"]: c["validTo"] for c in site.sandbox.records("etg24", "mietvertraege")}
    assert ends == {"001/1/01/0001/01": None, "001/1/01/0002/01": None}
    assert site.sandbox.deletions("etg24") == []


def test_a_rejected_parent_blocks_its_children_until_it_is_accepted(site: Site) -> None:
    rows = copy.deepcopy(HOUSE)
    rows["objekte"][0]["title"] = ""
    lines = site.sync("etg24", rows)
    assert lines["objekte"].rejected == 1
    assert (lines["einheiten"].blocked, lines["mietvertraege"].blocked, lines["mieter"].blocked) == (2, 2, 3)
    assert lines["einheiten"].created == 1
    reasons = site.ledger(
        "select reason, fields from sync.ledger where entity = 'einheiten' and state = 'blocked'"
    )
    assert reasons == [("parent_missing", "objekte 001/1/01")] * 2
    assert site.ledger("select reason, fields from sync.ledger where state = 'rejected'") == [
        ("missing_field", "title")
    ]
    healed = site.sync("etg24", HOUSE)
    assert sum(line.undelivered for line in healed.values()) == 0
    assert len(site.sandbox.records("etg24", "mieter")) == 3


def test_etg24_without_external_ids_on_most_records_gets_the_same_records(site: Site) -> None:
    site.sandbox.set_option("etg24", "external_ids", "documented")
    lines = site.sync("etg24", HOUSE)
    assert sum(line.undelivered for line in lines.values()) == 0
    assert len(site.sandbox.records("etg24", "einheiten")) == 3
    before = len(site.sent("etg24"))
    site.sync("etg24", HOUSE)
    assert len(site.sent("etg24")) == before


def test_what_is_there_already_is_found_and_changed_instead_of_created_twice(site: Site) -> None:
    site.sync("etg24", HOUSE)
    with duckdb.connect(str(site.home / "stammdaten.duckdb")) as db:
        db.execute("delete from sync.ledger")
    lines = site.sync("etg24", HOUSE)
    assert sum(line.undelivered for line in lines.values()) == 0
    assert len(site.sandbox.records("etg24", "einheiten")) == 3
    assert len(site.sandbox.records("etg24", "mieter")) == 3


def test_etg24_without_external_ids_is_not_given_a_second_record_when_the_ledger_is_lost(site: Site) -> None:
    site.sandbox.set_option("etg24", "external_ids", "documented")
    site.sync("etg24", HOUSE)
    with duckdb.connect(str(site.home / "stammdaten.duckdb")) as db:
        db.execute("delete from sync.ledger where entity = 'einheiten'")
    lines = site.sync("etg24", HOUSE)
    assert sum(line.undelivered for line in lines.values()) == 0
    assert len(site.sandbox.records("etg24", "einheiten")) == 3


@pytest.mark.slow
def test_a_second_run_sends_nothing(site: Site) -> None:
    site.sync("etg24", HOUSE)
    before = site.sent("etg24")
    site.sync("etg24", HOUSE)
    assert site.sent("etg24") == before


def test_what_is_there_is_adopted_by_our_ids_and_nothing_is_written(site: Site) -> None:
    site.sync("etg24", HOUSE)
    before = [line for line in site.sent("etg24") if not line.startswith("GET")]
    with duckdb.connect(str(site.home / "stammdaten.duckdb")) as db:
        db.execute("delete from sync.ledger")
    found = adopt(site.home, connector("etg24"), apply=True)
    assert {line.entity: line.by_external_id for line in found.counts} == {
        name: len(rows) for name, rows in HOUSE.items()
    }
    site.sync("etg24", HOUSE)
    assert [line for line in site.sent("etg24") if not line.startswith("GET")] == before
