"""One bad row costs one row."""

import pytest

from pipelines.api.connector import Connector, Operation
from pipelines.api.outcome import Outcome
from tests.push.site import Rows, Site
from tests.push.stock import HOUSE


def stock(units: int, bad: int) -> Rows:
    """So many flats, one of them with a number that etg24 refuses."""
    unit = HOUSE["einheiten"][0]
    return {
        "objektgruppen": HOUSE["objektgruppen"],
        "objekte": HOUSE["objekte"][:1],
        "einheiten": [
            {**unit, "external_id": f"001/1/01/{n:05d}", "number": "" if n == bad else f"{n:05d}"}
            for n in range(units)
        ],
    }


def deliver(site: Site, units: int, bad: int) -> None:
    rows = stock(units, bad)
    first = site.sync("etg24", rows)["einheiten"]
    assert (first.created, first.rejected, first.blocked, first.pending) == (units - 1, 1, 0, 0)
    assert site.ledger("select external_id, reason, fields from sync.ledger where state <> 'synced'") == [
        (f"001/1/01/{bad:05d}", "missing_field", "number")
    ]
    before = len(site.sent("etg24"))
    again = site.sync("etg24", rows)["einheiten"]
    assert (again.created, again.rejected) == (0, 1)
    tried = site.sent("etg24")[before:]
    assert [line for line in tried if line.startswith("POST")] == ["POST /v1/units 422"]


def test_one_bad_row_in_a_hundred_costs_one_row_and_one_try_a_run(site: Site) -> None:
    deliver(site, units=101, bad=70)


@pytest.mark.slow
def test_one_bad_row_in_a_thousand_costs_one_row_and_one_try_a_run(site: Site) -> None:
    deliver(site, units=1_001, bad=700)


@pytest.mark.slow
def test_one_bad_row_in_ten_thousand_costs_one_row_and_one_try_a_run(site: Site) -> None:
    deliver(site, units=10_000, bad=4_711)


def test_an_error_of_ours_after_a_create_makes_no_second_record(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    after_create = Connector.after_create
    failed = []

    def fails_once(self: Connector, operation: Operation, outcome: Outcome) -> Outcome:
        if operation.entity.name == "einheiten" and not failed:
            failed.append(operation.external_id)
            raise KeyError("a bug")
        return after_create(self, operation, outcome)

    monkeypatch.setattr(Connector, "after_create", fails_once)
    lines = site.sync("etg24", stock(3, bad=9))
    assert lines["einheiten"].undelivered == 0
    assert [line for line in site.sent("etg24") if line.startswith("POST /v1/units")] == [
        "POST /v1/units 201"
    ] * 3
    assert len(site.sandbox.records("etg24", "einheiten")) == 3
