"""A partner that speaks GraphQL: upserts by our id, errors in good answers, several rows in one request."""

import copy
import json
from contextlib import closing
from typing import Any

import pytest
from graphql import build_schema, parse, validate

from pipelines.api.connector import connector
from pipelines.api.http.client import Answer
from pipelines.api.protocols.graphql import split, transport
from pipelines.errors import SettingsError
from pipelines.ledger.journal import Journal
from pipelines.ledger.ledger import open_database
from pipelines.push import push as engine
from pipelines.push.recovery import recover
from pipelines.readback.adopt import adopt
from pipelines.readback.verify import repair, verify
from tests.push.marts import write_marts
from tests.push.shape_stock import GRAPHED, SHAPES
from tests.push.site import TODAY, Rows, Site

LOGIN, CALL = "POST /oauth/token 200", "POST /api/graphql 200"


def units(site: Site) -> dict[str, Any]:
    return {record["externalUnitId"]: record for record in site.sandbox.records("graphed", "einheiten")}


def sent(site: Site) -> list[dict[str, Any]]:
    """What GraphQL requests carried."""
    asked = [r for r in site.sandbox.requests("graphed") if r.path == "/api/graphql"]
    return [json.loads(request.body or "") for request in asked]


def with_a_bad_floor(*names: str) -> Rows:
    """Units of which some have a type that the schema does not know."""
    rows = copy.deepcopy(GRAPHED)
    for unit in rows["einheiten"]:
        unit["type"] = "CASTLE" if unit["external_id"] in names else "APARTMENT"
    return rows


def test_records_refer_to_their_parents_by_our_ids(shapes: Site) -> None:
    lines = shapes.sync("graphed", GRAPHED)
    assert sum(line.undelivered for line in lines.values()) == 0
    assert {name: unit["externalOwnerId"] for name, unit in units(shapes).items()}["001/1/3"] == "81"
    assert shapes.ledger("select count(*) from sync.ledger where remote_id = external_id") == [(0,)]
    before = len(shapes.sent("graphed"))
    shapes.sync("graphed", GRAPHED)
    assert len(shapes.sent("graphed")) == before


def test_what_is_really_sent_fits_the_schema_and_holds_values_in_variables_only(shapes: Site) -> None:
    shapes.sandbox.set_option("graphed", "log_bodies", "yes")
    shapes.sync("graphed", GRAPHED)
    shapes.sync("graphed", {**GRAPHED, "einheiten": GRAPHED["einheiten"][:5]})
    adopt(shapes.home, connector("graphed"), apply=False)
    schema = build_schema((SHAPES / "graphed" / "schema.graphql").read_text(encoding="utf-8"))
    bodies = sent(shapes)
    assert {body["query"].split()[0] for body in bodies} == {"mutation", "query"}
    for body in bodies:
        assert validate(schema, parse(body["query"])) == []
        assert not [word for word in ("Muster", "001/1", "Wohnung", "500") if word in body["query"]]
    assert bodies[2]["query"] == "mutation ($r0: UnitInput) { r0: upsertUnit(unit: $r0) { id } }"
    assert bodies[0]["variables"]["r0"]["meta"] == {"source": "stammdaten"}


@pytest.mark.parametrize("fault", ["cut_after_rate", "error_after_rate", "html_rate"])
def test_an_upsert_whose_answer_is_lost_is_sent_once_more(shapes: Site, fault: str) -> None:
    shapes.sandbox.set_option("graphed", "fault_on", "graphql$")
    shapes.sandbox.set_option("graphed", fault, "100")
    shapes.sandbox.set_option("graphed", "fault_limit", "1")
    rows = {"eigentuemer": GRAPHED["eigentuemer"][:1]}
    assert shapes.sync("graphed", rows)["eigentuemer"].created == 1
    assert len(shapes.sent("graphed")) == 3
    assert len(shapes.sandbox.records("graphed", "eigentuemer")) == 1


def test_an_upsert_in_doubt_after_a_crash_is_sent_again_without_a_look_up(shapes: Site) -> None:
    with open_database(shapes.home) as db:
        write_marts(db, "graphed", GRAPHED)
    plan = engine.plan(shapes.home, ["graphed"], TODAY)
    with closing(Journal(shapes.home / "journal.sqlite")) as journal:
        journal.intend(plan.plan_id, "graphed", [1, 2])
    assert recover(shapes.home, ["graphed"]) == 0
    assert shapes.sent("graphed") == []
    shapes.sync("graphed", GRAPHED)
    assert len(shapes.sandbox.records("graphed", "eigentuemer")) == 2


def test_a_refused_row_is_told_in_a_good_answer_and_costs_one_row(shapes: Site) -> None:
    lines = shapes.sync("graphed", with_a_bad_floor("001/1/4"))
    assert (lines["einheiten"].created, lines["einheiten"].rejected) == (6, 1)
    assert shapes.ledger("select reason, fields from sync.ledger where state = 'rejected'") == [
        ("invalid_field", "type")
    ]
    assert set(shapes.sent("graphed")) == {LOGIN, CALL}


def test_a_parent_that_is_not_there_is_named(shapes: Site) -> None:
    shapes.sync("graphed", {"eigentuemer": GRAPHED["eigentuemer"]})
    shapes.sandbox.tamper("graphed", "eigentuemer", seed=1, deleted=2)
    lines = shapes.sync("graphed", GRAPHED)
    assert lines["einheiten"].rejected == 7
    assert shapes.ledger("select distinct reason, fields from sync.ledger where state = 'rejected'") == [
        ("unknown_parent", "externalOwnerId")
    ]


@pytest.mark.parametrize("status", ["401", "200"])
def test_a_login_that_ran_out_is_renewed_once_also_when_a_good_answer_says_so(
    shapes: Site, status: str
) -> None:
    shapes.sandbox.set_option("graphed", "unauthorized", status)
    client = connector("graphed").client
    query = {"query": "query { owners { id } }"}
    assert client.call("post", "/api/graphql", query).ok
    shapes.sandbox.set_option("graphed", "token_epoch", "1")
    assert client.call("post", "/api/graphql", query).ok
    client.close()
    assert shapes.sent("graphed").count(LOGIN) == 2


def test_a_wrong_password_stops_the_partner(shapes: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESTINATION__GRAPHED__PASSWORD", "wrong")
    shapes.sync("graphed", GRAPHED)
    assert shapes.stopped == {"graphed": "the login answered 403; check the credentials and the address"}


@pytest.mark.sampled
@pytest.mark.parametrize("number", [2, 3, 6, 7])
def test_lists_are_read_until_a_page_is_not_full(shapes: Site, number: int) -> None:
    rows = {**GRAPHED, "einheiten": GRAPHED["einheiten"][:number]}
    shapes.sync("graphed", rows)
    shapes.ledger("delete from sync.ledger")
    before = len(shapes.sent("graphed"))
    adoption = adopt(shapes.home, connector("graphed"), apply=True)
    assert {c.entity: (c.by_external_id, c.differing) for c in adoption.counts}["einheiten"] == (number, 0)
    # Login, one page of owners, pages of three units, and an empty one after a last full page.
    assert len(shapes.sent("graphed")) - before == 2 + number // 3 + 1


def test_a_detached_record_stays_and_is_linked_again_when_its_row_returns(shapes: Site) -> None:
    shapes.sandbox.set_option("graphed", "log_bodies", "yes")
    shapes.sync("graphed", {"eigentuemer": GRAPHED["eigentuemer"]})
    shapes.sync("graphed", {"eigentuemer": GRAPHED["eigentuemer"][:1]})
    [_, gone] = sorted(
        shapes.sandbox.records("graphed", "eigentuemer"), key=lambda owner: owner["externalOwnerId"]
    )
    assert (gone["detached"], gone["lastName"]) == (True, "Muster 1")
    assert sent(shapes)[-1]["variables"] == {"r0": "81"}
    assert shapes.ledger("select reason from sync.ledger where state = 'withdrawn'") == [("detached",)]
    lines = shapes.sync("graphed", {"eigentuemer": GRAPHED["eigentuemer"]})
    assert (lines["eigentuemer"].updated, lines["eigentuemer"].undelivered) == (1, 0)
    assert sent(shapes)[-1]["variables"]["r0"]["lastName"] == "Muster 1"
    owners = shapes.sandbox.records("graphed", "eigentuemer")
    assert [bool(owner.get("detached")) for owner in owners] == [False, False]


def test_a_record_is_deleted_under_the_id_that_the_mutation_asks_for(shapes: Site) -> None:
    shapes.sandbox.set_option("graphed", "log_bodies", "yes")
    shapes.sync("graphed", GRAPHED)
    last = units(shapes)["001/1/6"]["id"]
    lines = shapes.sync("graphed", {**GRAPHED, "einheiten": GRAPHED["einheiten"][:6]})
    assert lines["einheiten"].withdrawn == 1
    assert sent(shapes)[-1]["variables"] == {"r0": last}
    assert len(units(shapes)) == 6


def test_what_somebody_changed_or_deleted_is_found_and_restored(shapes: Site) -> None:
    shapes.sync("graphed", GRAPHED)
    shapes.sandbox.tamper("graphed", "einheiten", seed=4, changed=2, deleted=1)
    made = connector("graphed")
    found = verify(shapes.home, made)
    assert [f.kind for f in found.findings] == ["missing", "changed", "changed"]
    assert repair(shapes.home, made.contract, found.findings) == 3
    shapes.sync("graphed", GRAPHED)
    assert verify(shapes.home, connector("graphed")).findings == ()
    assert len(units(shapes)) == 7


def test_a_record_made_by_hand_gets_our_id_under_its_own(shapes: Site) -> None:
    shapes.sync("graphed", GRAPHED)
    reader = shapes.sandbox._reader("graphed")
    unit = reader.store.get("graphed", "upsertUnit", units(shapes)["001/1/5"]["id"])
    assert unit is not None
    with reader.store.transaction():
        reader.apply(reader.resources["upsertUnit"], unit, {"externalUnitId": None})
    shapes.ledger("delete from sync.ledger where external_id = '001/1/5'")
    adoption = adopt(shapes.home, connector("graphed"), apply=True)
    assert {c.entity: c.by_natural_key for c in adoption.counts}["einheiten"] == 1
    shapes.sync("graphed", GRAPHED)
    assert (len(units(shapes)), units(shapes)["001/1/5"]["id"]) == (7, unit.id)


# ---- several rows in one request


@pytest.fixture
def batched(shapes: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("DESTINATION__GRAPHED__BATCH", "4")
    return shapes


@pytest.mark.sampled
@pytest.mark.parametrize(("batch", "requests"), [("1", 9), ("4", 3), ("25", 2)])
def test_a_batch_saves_requests_and_each_row_has_its_outcome(
    shapes: Site, monkeypatch: pytest.MonkeyPatch, batch: str, requests: int
) -> None:
    monkeypatch.setenv("DESTINATION__GRAPHED__BATCH", batch)
    lines = shapes.sync("graphed", GRAPHED)
    assert sum(line.undelivered for line in lines.values()) == 0
    assert shapes.sent("graphed").count(CALL) == requests
    assert shapes.ledger("select count(*), sum(requests) from sync.attempts") == [(9, requests)]
    assert len({row for (row,) in shapes.ledger("select remote_id from sync.ledger")}) == 9


def test_an_error_in_a_batch_is_that_of_its_row(batched: Site) -> None:
    batched.sandbox.set_option("graphed", "reject_pattern", "^001/1/[25]$")
    lines = batched.sync("graphed", GRAPHED)
    assert (lines["einheiten"].created, lines["einheiten"].rejected) == (5, 2)
    assert batched.ledger(
        "select external_id, reason, fields from sync.ledger where state = 'rejected' order by 1"
    ) == [
        ("001/1/2", "external_id_refused", "externalUnitId"),
        ("001/1/5", "external_id_refused", "externalUnitId"),
    ]
    # One request of owners, two of units; an error does not send the others again.
    assert batched.sent("graphed").count(CALL) == 3


def test_rows_of_which_a_batch_tells_nothing_go_alone(batched: Site) -> None:
    # The answer of owners may not be null: one error takes the results of all with it.
    batched.sandbox.set_option("graphed", "reject_pattern", "^80$")
    lines = batched.sync("graphed", {"eigentuemer": GRAPHED["eigentuemer"]})
    assert (lines["eigentuemer"].created, lines["eigentuemer"].rejected) == (1, 1)
    owners = batched.sandbox.records("graphed", "eigentuemer")
    assert [owner["externalOwnerId"] for owner in owners] == ["81"]


def test_a_value_that_no_type_takes_costs_one_row_of_a_batch(batched: Site) -> None:
    lines = batched.sync("graphed", with_a_bad_floor("001/1/1"))
    assert (lines["einheiten"].created, lines["einheiten"].rejected) == (6, 1)


@pytest.mark.parametrize("fault", ["cut_after_rate", "cut_during_rate", "error_after_rate"])
def test_a_batch_whose_answer_is_lost_is_sent_once_more_and_doubles_nothing(
    batched: Site, fault: str
) -> None:
    batched.sandbox.set_option("graphed", "fault_on", "graphql$")
    batched.sandbox.set_option("graphed", fault, "100")
    batched.sandbox.set_option("graphed", "fault_limit", "1")
    lines = batched.sync("graphed", GRAPHED)
    assert sum(line.undelivered for line in lines.values()) == 0
    assert (len(batched.sandbox.records("graphed", "eigentuemer")), len(units(batched))) == (2, 7)
    assert len([line for line in batched.sent("graphed") if "graphql" in line]) == 4


@pytest.mark.parametrize("batch", ["0", "-1", "many", "2.5"])
def test_a_batch_that_is_no_number_is_refused(
    shapes: Site, monkeypatch: pytest.MonkeyPatch, batch: str
) -> None:
    monkeypatch.setenv("DESTINATION__GRAPHED__BATCH", batch)
    with pytest.raises(SettingsError, match="DESTINATION__GRAPHED__BATCH: a whole number of at least 1"):
        connector("graphed")


# ---- answers, without a server


def error(code: str | None, path: list[str] | None = None) -> dict[str, Any]:
    return {"message": "No.", "extensions": {"code": code}, **({"path": path} if path else {})}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"data": None, "errors": [error("UNAUTHENTICATED")]}, 401),
        ({"errors": [error("TOO_MANY_REQUESTS")]}, 429),
        ({"data": {"r0": None}, "errors": [error("INTERNAL_SERVER_ERROR", ["r0"])]}, 500),
        ({"data": {"r0": None}, "errors": [error("503", ["r0"])]}, 503),
        ({"data": {"r0": {"id": "1"}, "r1": None}, "errors": [error("UNAUTHENTICATED", ["r1"])]}, 200),
        ({"data": None, "errors": [error("BAD_USER_INPUT")]}, 200),
        ({"data": None, "errors": [error("UNAUTHENTICATED"), error("BAD_USER_INPUT")]}, 200),
        ({"data": {"r0": {"id": "1"}}}, 200),
        ([], 200),
        (None, 200),
    ],
)
def test_errors_that_concern_the_whole_request_are_read_as_its_status(body: Any, status: int) -> None:
    assert transport(Answer(200, body, {}, 1)).status == status


@pytest.mark.parametrize(
    ("body", "statuses"),
    [
        ({"data": {"r0": {"id": "1"}, "r1": {"id": "2"}}}, [200, 200]),
        ({"data": {"r0": {"id": "1"}, "r1": None}, "errors": [error("BAD_USER_INPUT", ["r1"])]}, [200, 422]),
        ({"data": None, "errors": [error("FORBIDDEN", ["r0", "id"])]}, [403, None]),
        ({"data": None, "errors": [error(None)]}, [None, None]),
        ({"data": {"r0": None}, "errors": [error("NOT_FOUND", ["r1"])]}, [None, 404]),
        ({}, [None, None]),
    ],
)
def test_each_row_of_a_batch_has_its_own_answer_or_none(body: Any, statuses: list[int | None]) -> None:
    found = split(Answer(200, body, {}, 1), 2)
    assert [answer.status if answer else None for answer in found] == statuses
