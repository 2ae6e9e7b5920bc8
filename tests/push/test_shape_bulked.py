"""A partner that takes several upserts in one request: outcomes by item, and answers that cannot be believed."""

import copy
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from pipelines.api.connector import connector
from pipelines.api.http.client import Answer
from pipelines.api.protocols.bulk import readable, told
from pipelines.contract import contract
from pipelines.contract.contract import load_contract
from pipelines.contract.model import Bulk
from pipelines.ledger.journal import Journal
from pipelines.ledger.ledger import open_database
from pipelines.push import push as engine
from pipelines.push.recovery import recover
from pipelines.sandbox.play.bulk import ODD, BulkPartner
from pipelines.sandbox.play.wire import ApiError, Call
from tests.push.marts import write_marts
from tests.push.shape_stock import BULKED, SHAPES
from tests.push.site import TODAY, Rows, Site

ROOT = Path(__file__).resolve().parent.parent.parent
HOUSES, TENANTS = "PUT /houses", "PUT /tenants"


@pytest.fixture
def bulked(shapes: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr("pipelines.api.http.retry.FIRST_PAUSE", 0.01)
    shapes.sandbox.set_option("bulked", "log_bodies", "yes")
    return shapes


def puts(site: Site) -> list[tuple[str, int]]:
    """What went where, and how many records were in it."""
    found = []
    for request in site.sandbox.requests("bulked"):
        if request.method == "PUT":
            body = json.loads(request.body or "{}")
            items = body["items"] if "items" in body else body["data"]["rows"]
            found.append((f"PUT {request.path.removeprefix('/v1')}", len(items)))
    return found


def numbers(site: Site, entity: str = "haeuser") -> list[str]:
    return sorted(record["number"] for record in site.sandbox.records("bulked", entity))


def without_a_name(*ids: str) -> Rows:
    rows = copy.deepcopy(BULKED)
    for house in rows["haeuser"]:
        house["name"] = "" if house["external_id"] in ids else house["name"]
    return {"haeuser": rows["haeuser"]}


@contextmanager
def refusing(which: Callable[[Call], bool], error: ApiError) -> Iterator[None]:
    """The sandbox answers batches like this with an error."""
    proper = BulkPartner._put_many

    def put_many(self: BulkPartner, resource: Any, bulk: Bulk, call: Call) -> Any:
        if which(call):
            raise error
        return proper(self, resource, bulk, call)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(BulkPartner, "_put_many", put_many)
        yield


def undelivered(site: Site) -> list[Any]:
    return site.ledger(
        "select external_id, state, reason, fields from sync.ledger where state <> 'synced' order by 1"
    )


def test_requests_hold_records_of_one_entity_and_no_more_than_the_contract_says(bulked: Site) -> None:
    lines = bulked.sync("bulked", BULKED)
    assert [(line.created, line.undelivered) for line in lines.values()] == [(20, 0), (20, 0)]
    assert sorted(puts(bulked)) == [
        (HOUSES, 4),
        (HOUSES, 8),
        (HOUSES, 8),
        (TENANTS, 4),
        (TENANTS, 8),
        (TENANTS, 8),
    ]
    assert bulked.ledger("select count(*), sum(requests) from sync.attempts") == [(40, 6)]
    assert bulked.ledger("select count(*) from sync.ledger where remote_id = external_id") == [(40,)]
    bulked.sync("bulked", BULKED)
    assert len(puts(bulked)) == 6


def test_a_change_sends_all_fields_of_the_changed_records_only_and_a_withdrawal_is_one_request(
    bulked: Site,
) -> None:
    bulked.sync("bulked", BULKED)
    rows = copy.deepcopy(BULKED)
    rows["haeuser"][3]["city"] = "Berlin"
    del rows["mieter"][4:6]
    lines = bulked.sync("bulked", rows)
    assert (lines["haeuser"].updated, lines["mieter"].withdrawn) == (1, 2)
    last = [r for r in bulked.sandbox.requests("bulked") if r.method == "PUT"][-1]
    assert json.loads(last.body or "") == {
        "items": [{"number": "001/03", "name": "Haus 3", "city": "Berlin"}]
    }
    assert [line for line in bulked.sent("bulked") if line.startswith("DELETE")] == [
        "DELETE /v1/tenants/001%2F04%2F77 204",
        "DELETE /v1/tenants/001%2F05%2F77 204",
    ]


def test_a_refused_item_costs_one_item_and_names_its_field(bulked: Site) -> None:
    lines = bulked.sync("bulked", without_a_name("001/03", "001/12"))
    assert (lines["haeuser"].created, lines["haeuser"].rejected, len(puts(bulked))) == (18, 2, 3)
    assert undelivered(bulked) == [
        ("001/03", "rejected", "missing_field", "name"),
        ("001/12", "rejected", "missing_field", "name"),
    ]


def test_an_item_whose_parent_is_unknown_is_refused_as_such(bulked: Site) -> None:
    bulked.sync("bulked", {"haeuser": BULKED["haeuser"]})
    bulked.sandbox.tamper("bulked", "haeuser", seed=1, deleted=3)
    lines = bulked.sync("bulked", BULKED)
    assert (lines["mieter"].created, lines["mieter"].rejected) == (17, 3)
    assert {row[2:] for row in undelivered(bulked)} == {("unknown_parent", "houseNumber")}


def test_a_batch_that_is_refused_as_too_large_is_halved_and_later_ones_are_as_small(bulked: Site) -> None:
    bulked.sandbox.set_option("bulked", "bulk_most", "3")
    lines = bulked.sync("bulked", {"haeuser": BULKED["haeuser"]})
    assert (lines["haeuser"].created, lines["haeuser"].undelivered) == (20, 0)
    sizes = [size for _, size in puts(bulked)]
    assert sizes[0] == 8
    assert max(sizes[-3:]) <= 2


def test_a_single_item_that_is_too_large_is_that_item_s_refusal(bulked: Site) -> None:
    rows = {"haeuser": [{"external_id": f"001/{n}", "name": "x" * (99 if n == 5 else 1)} for n in range(8)]}
    with refusing(lambda call: len(call.body) > 99, ApiError(413, "too_large", "The request is too large.")):
        lines = bulked.sync("bulked", rows)
    assert (lines["haeuser"].created, lines["haeuser"].rejected) == (7, 1)
    assert [row[:3] for row in undelivered(bulked)] == [("001/5", "rejected", "too_large")]


@pytest.mark.sampled
@pytest.mark.parametrize("bad", [("001/03",), ("001/00", "001/07"), ("001/19",)])
def test_a_batch_that_is_refused_as_a_whole_is_narrowed_down_to_the_bad_items(
    bulked: Site, bad: tuple[str, ...]
) -> None:
    bulked.sandbox.set_option("bulked", "bulk_whole", "yes")
    lines = bulked.sync("bulked", without_a_name(*bad))
    assert (lines["haeuser"].created, lines["haeuser"].rejected) == (20 - len(bad), len(bad))
    assert [row[:2] for row in undelivered(bulked)] == [(id_, "rejected") for id_ in bad]
    # Each halving asks for two requests more.
    assert len(puts(bulked)) <= 3 + 6 * len(bad)


def test_refusals_that_are_alike_end_the_entity_also_in_batches(bulked: Site) -> None:
    bulked.sandbox.set_option("bulked", "bulk_whole", "yes")
    rows = {"haeuser": [{"external_id": f"9/{n:03d}", "name": ""} for n in range(200)]}
    lines = bulked.sync("bulked", rows)
    assert lines["haeuser"].rejected <= 40
    assert len(puts(bulked)) < 120
    assert bulked.ledger("select count(*) from sync.ledger where reason = 'not_tried'")[0][0] >= 160


@pytest.mark.sampled
# Without a number of the accepted (mieter) nobody can tell that one is left out.
@pytest.mark.parametrize(
    ("entity", "odd"),
    [
        *((name, odd) for name in ("haeuser", "mieter") for odd in ODD[1:5]),
        ("haeuser", "left_out"),
    ],
)
def test_items_of_which_the_answer_is_odd_are_sent_again_and_no_other_is_taken_for_refused(
    bulked: Site, odd: str, entity: str
) -> None:
    bulked.sync("bulked", {"haeuser": BULKED["haeuser"]})
    bulked.sandbox.set_option("bulked", "bulk_odd", odd)
    rows = copy.deepcopy(BULKED)
    for house in rows["haeuser"]:
        house["city"] = "Berlin"
    field = {"haeuser": "name", "mieter": "lastName"}[entity]
    rows[entity][3][field] = ""
    bad = rows[entity][3]["external_id"]
    lines = bulked.sync("bulked", rows)
    assert lines[entity].undelivered == 1
    [(id_, state, _, _)] = undelivered(bulked)
    assert (id_, state in ("rejected", "pending")) == (bad, True)
    bulked.sandbox.set_option("bulked", "bulk_odd", "no")
    bulked.sync("bulked", rows)
    assert undelivered(bulked) == [(bad, "rejected", "missing_field", field)]


@pytest.mark.sampled
@pytest.mark.parametrize("odd", ["count", "no_list", "empty_body"])
def test_a_partner_whose_answers_tell_nothing_is_given_up_and_nothing_counts_as_sent(
    bulked: Site, odd: str
) -> None:
    bulked.sandbox.set_option("bulked", "bulk_odd", odd)
    lines = bulked.sync("bulked", {"haeuser": BULKED["haeuser"]})
    assert lines["haeuser"].created == 0
    assert "bulked" in bulked.stopped
    assert len(puts(bulked)) <= 25
    bulked.sandbox.set_option("bulked", "bulk_odd", "no")
    assert bulked.sync("bulked", {"haeuser": BULKED["haeuser"]})["haeuser"].created == 20
    assert undelivered(bulked) == []


@pytest.mark.sampled
@pytest.mark.parametrize(
    "fault", ["cut_after_rate", "cut_during_rate", "error_after_rate", "html_rate", "late_rate"]
)
def test_a_batch_whose_answer_is_lost_is_sent_once_more_and_doubles_nothing(bulked: Site, fault: str) -> None:
    bulked.sandbox.set_option("bulked", "fault_on", "houses$")
    bulked.sandbox.set_option("bulked", "late_ms", "100")
    bulked.sandbox.set_option("bulked", fault, "100")
    bulked.sandbox.set_option("bulked", "fault_limit", "1")
    lines = bulked.sync("bulked", BULKED)
    assert sum(line.undelivered for line in lines.values()) == 0
    assert (len(numbers(bulked)), len(numbers(bulked, "mieter"))) == (20, 20)


def test_a_batch_that_only_one_item_breaks_is_narrowed_down_too(bulked: Site) -> None:
    error = ApiError(500, "internal_error", "Something went wrong.")
    with refusing(lambda call: b'"001/05"' in call.body, error):
        lines = bulked.sync("bulked", {"haeuser": BULKED["haeuser"]})
    assert (lines["haeuser"].created, lines["haeuser"].pending) == (19, 1)
    assert [row[:3] for row in undelivered(bulked)] == [("001/05", "pending", "server_error")]


def test_a_refusal_of_the_request_as_such_is_not_asked_for_again_with_each_item(bulked: Site) -> None:
    with refusing(lambda call: True, ApiError(403, "forbidden", "Not for you.")):
        lines = bulked.sync("bulked", {"haeuser": BULKED["haeuser"]})
    assert (lines["haeuser"].created, len(puts(bulked))) == (0, 3)
    assert {row[2] for row in undelivered(bulked)} == {"forbidden"}


# ---- kills


def test_the_journal_knows_the_items_of_the_requests_that_were_under_way(bulked: Site) -> None:
    with open_database(bulked.home) as db:
        write_marts(db, "bulked", BULKED)
    bulked.sandbox.set_option("bulked", "latency_ms", "3000")
    child = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "tests.push.shapes_child", str(bulked.home), "bulked"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    deadline = time.monotonic() + 60
    while not puts(bulked) and len(_left(bulked)) < 16 and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    child.send_signal(signal.SIGKILL)
    child.wait()
    # Two requests of eight may be under way at a time: these are in doubt, and no others.
    assert _left(bulked) == set(range(1, 17))
    bulked.sandbox.set_option("bulked", "latency_ms", "0")
    assert recover(bulked.home, ["bulked"]) == 0
    assert bulked.ledger("select count(*) from sync.ledger where reason = 'interrupted'") == [(16,)]
    lines = bulked.sync("bulked", BULKED)
    assert sum(line.undelivered for line in lines.values()) == 0
    assert len(numbers(bulked)) == 20


def _left(site: Site) -> set[int]:
    """Numbers of the plan rows that were about to be sent, and have no outcome."""
    file = site.home / "journal.sqlite"
    if not file.exists():
        return set()
    with closing(Journal(file)) as journal:
        return {seq for _, seq in journal.in_doubt().get("bulked", [])}


def test_a_record_that_may_have_been_made_is_deleted_when_its_row_leaves(bulked: Site) -> None:
    with open_database(bulked.home) as db:
        write_marts(db, "bulked", {"haeuser": BULKED["haeuser"][:2]})
    plan = engine.plan(bulked.home, ["bulked"], TODAY)
    with closing(Journal(bulked.home / "journal.sqlite")) as journal:
        journal.intend(plan.plan_id, "bulked", [1, 2])
    client = connector("bulked").client
    assert client.call("put", "/houses", {"items": [{"number": "001/00", "name": "Haus 0"}]}).ok
    client.close()
    lines = bulked.sync("bulked", {"haeuser": []})
    assert (lines["haeuser"].withdrawn, lines["haeuser"].undelivered) == (2, 0)
    assert numbers(bulked) == []


# ---- answers, without a server

BULK = Bulk("/houses", 8, accepted="accepted", counts=("created", "updated"))
IDS = ["a", "b", "c", "d"]


def bad(index: Any = ..., id_: Any = ...) -> dict[str, Any]:
    return {k: v for k, v in (("index", index), ("external_id", id_)) if v is not ...}


@pytest.mark.parametrize(
    ("body", "statuses"),
    [
        ({"accepted": 4, "created": 3, "updated": 1, "rejected": []}, [200, 200, 200, 200]),
        ({"accepted": 3, "rejected": [bad(1, "b")]}, [200, 422, 200, 200]),
        ({"accepted": 3, "rejected": [bad(1)]}, [200, 422, 200, 200]),
        ({"accepted": 3, "rejected": [bad(id_="b")]}, [200, 422, 200, 200]),
        # Who is meant is not known: the two that are named, and no other.
        ({"accepted": 3, "rejected": [bad(1, "c")]}, [200, None, None, 200]),
        ({"accepted": 3, "rejected": [bad(1, "b"), bad(1, "b")]}, [200, None, 200, 200]),
        # It may be about any of those that are not named.
        ({"accepted": 2, "rejected": [bad(1, "b"), bad(1, "b")]}, [None, None, None, None]),
        ({"accepted": 3, "rejected": [bad(4)]}, [None, None, None, None]),
        ({"accepted": 3, "rejected": [bad(-1)]}, [None, None, None, None]),
        ({"accepted": 3, "rejected": [bad(True)]}, [None, None, None, None]),
        ({"accepted": 3, "rejected": [bad("1")]}, [None, None, None, None]),
        ({"accepted": 3, "rejected": [bad(1, "x")]}, [None, None, None, None]),
        ({"accepted": 3, "rejected": [bad(4, "b")]}, [None, None, None, None]),
        ({"accepted": 3, "rejected": ["?"]}, [None, None, None, None]),
        ({"accepted": 2, "rejected": [bad(0, "a"), bad(9)]}, [422, None, None, None]),
        # Numbers that do not add up.
        ({"accepted": 4, "rejected": [bad(1, "b")]}, [None, 422, None, None]),
        ({"accepted": 3, "rejected": []}, [None, None, None, None]),
        ({"accepted": 5, "rejected": []}, [None, None, None, None]),
        ({"accepted": "4", "rejected": []}, [None, None, None, None]),
        ({"accepted": True, "rejected": []}, [None, None, None, None]),
        ({"accepted": 4, "created": 4, "updated": 1, "rejected": []}, [None, None, None, None]),
        ({"accepted": 4, "created": 4, "rejected": []}, [200, 200, 200, 200]),
        ({"accepted": 4}, [None, None, None, None]),
        ({"accepted": 4, "rejected": {}}, [None, None, None, None]),
        ({"rejected": []}, [None, None, None, None]),
        # Both lists.
        ({"accepted": ["a", "b"], "rejected": [bad(2)]}, [200, 200, 422, None]),
        ({"accepted": [0, {"index": 1}, {"external_id": "d"}], "rejected": [bad(2)]}, [200, 200, 422, 200]),
        ({"accepted": ["a", "b", "b"], "rejected": [bad(0)]}, [None, None, None, None]),
        ([], [None, None, None, None]),
        (None, [None, None, None, None]),
    ],
)
def test_each_item_has_an_outcome_or_none(body: Any, statuses: list[int | None]) -> None:
    found = told(BULK, Answer(200, body, {}, 1), IDS)
    assert [answer.status if answer else None for answer in found] == statuses


def test_a_refused_batch_may_name_bad_items_and_says_nothing_of_the_others() -> None:
    body = {"accepted": 3, "rejected": [bad(1, "b")]}
    statuses = [a and a.status for a in told(BULK, Answer(422, body, {}, 1), IDS)]
    assert statuses == [None, 422, None, None]
    assert told(BULK, Answer(500, body, {}, 1), IDS) == [None] * 4


def test_the_one_item_of_a_request_is_the_one_that_is_refused_wherever_the_answer_puts_it() -> None:
    body = {"accepted": 0, "rejected": [bad(1, "a")]}
    assert [a and a.status for a in told(BULK, Answer(200, body, {}, 1), ["a"])] == [422]
    body = {"accepted": 0, "rejected": [bad(1, "z")]}
    assert told(BULK, Answer(200, body, {}, 1), ["a"]) == [None]


@pytest.mark.parametrize(
    "body", [{"accepted": 4, "rejected": [], "success": False}, {"accepted": 9, "rejected": []}, []]
)
def test_an_answer_that_tells_nothing_that_can_be_believed_is_no_success(
    body: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contract, "FOLDER", SHAPES)
    assert not readable(Answer(200, body, {}, 1), load_contract("bulked"), BULK, IDS).ok
    assert readable(
        Answer(207, {"accepted": 4, "rejected": []}, {}, 1), load_contract("bulked"), BULK, IDS
    ).ok
