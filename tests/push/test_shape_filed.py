"""A partner that takes OpenImmo files: imports that are polled, odd outcomes, and files that are dropped."""

import copy
from typing import Any

from tests.push.shape_stock import FILED
from tests.push.site import Rows, Site

IDS = [row["external_id"] for row in FILED["objekte"]]


def rents(site: Site) -> dict[str, Any]:
    return {r["number"]: (r["rent"], r["adds"]) for r in site.sandbox.records("filed", "objekte")}


def sent(site: Site) -> list[str]:
    return [line for line in site.sent("filed") if line.startswith(("POST", "PUT"))]


def states(site: Site) -> list[Any]:
    return site.ledger("select external_id, state, reason, fields from sync.ledger order by all")


def raised(rows: Rows, by: float = 100) -> Rows:
    """The same with another rent each."""
    found = copy.deepcopy(rows)
    for row in found["objekte"]:
        row["preise"]["nettokaltmiete"] += by
    return found


def test_rows_go_in_one_file_and_are_synced_by_their_own_outcome(shapes: Site) -> None:
    lines = shapes.sync("filed", FILED)
    assert (lines["objekte"].created, lines["objekte"].delivered, lines["objekte"].undelivered) == (3, 0, 0)
    assert sent(shapes) == ["POST /api/imports 202"]
    assert rents(shapes) == {"001/1/0": ("500.5", 1), "001/1/1": ("501.5", 1), "001/1/2": ("502.5", 1)}
    assert shapes.sync("filed", FILED)["objekte"].unchanged == 3
    assert len(sent(shapes)) == 1


def test_changes_and_removals_go_by_file_too(shapes: Site) -> None:
    shapes.sync("filed", FILED)
    rows = raised({"objekte": FILED["objekte"][:2]})
    lines = shapes.sync("filed", rows)
    assert (lines["objekte"].updated, lines["objekte"].withdrawn) == (2, 1)
    assert rents(shapes) == {"001/1/0": ("600.5", 1), "001/1/1": ("601.5", 1)}
    assert len(sent(shapes)) == 3
    shapes.sync("filed", raised(FILED))
    assert rents(shapes)["001/1/2"] == ("602.5", 1)


def test_what_was_not_told_is_delivered_and_asked_for_in_the_next_run(shapes: Site) -> None:
    shapes.sandbox.set_option("filed", "import_end", "running")
    lines = shapes.sync("filed", FILED)
    assert (lines["objekte"].created, lines["objekte"].delivered, lines["objekte"].undelivered) == (0, 3, 0)
    assert {(state, reason) for _, state, reason, _ in states(shapes)} == {("delivered", "import_running")}
    shapes.sandbox.set_option("filed", "import_end", "done")
    lines = shapes.sync("filed", FILED)
    assert (lines["objekte"].delivered, lines["objekte"].unchanged) == (0, 3)
    assert {(state, reason, fields) for _, state, reason, fields in states(shapes)} == {
        ("synced", None, None)
    }
    assert len(sent(shapes)) == 1
