"""Rows and records that are called alike are adopted one to one, as far as it can be told which belong together."""

from typing import Any

from pipelines.api.connector import connector
from pipelines.readback.adopt import Alike, adopt, alike
from tests.push.site import Site
from tests.push.twins import assert_one_record_a_row, etg24

SCHEMA: dict[str, Any] = {"properties": {}}
A, B = {"title": "Am Park", "area": 1}, {"title": "Am Park", "area": 2}


def test_a_record_that_shows_what_would_be_sent_is_preferred() -> None:
    assert alike({"1": A, "2": B}, {"x": Alike(B), "y": Alike(A)}, SCHEMA) == {"1": "y", "2": "x"}


def test_fewer_records_than_rows_are_taken_in_their_order() -> None:
    assert alike({"1": A, "2": A, "3": A}, {"x": Alike(B), "y": Alike(B)}, SCHEMA) == {"1": "x", "2": "y"}


def test_of_more_records_than_rows_none_is_taken_that_is_not_like_the_row() -> None:
    assert alike({"1": A}, {"x": Alike(B), "y": Alike(B)}, SCHEMA) == {}
    assert alike({"1": A}, {"x": Alike(B), "y": Alike(A)}, SCHEMA) == {"1": "y"}


def test_of_two_equal_records_for_one_row_none_is_taken() -> None:
    assert alike({"1": A}, {"x": Alike(A), "y": Alike(A)}, SCHEMA) == {}


def test_a_record_belongs_to_the_row_whose_children_hang_on_it() -> None:
    records = {"x": Alike(A, True, frozenset({"2"})), "y": Alike(A, True, frozenset({"1"}))}
    assert alike({"1": A, "2": A}, records, SCHEMA) == {"1": "y", "2": "x"}


def test_records_on_which_something_unknown_hangs_are_left_to_a_person() -> None:
    assert alike({"1": A, "2": A}, {"x": Alike(A, True), "y": Alike(A)}, SCHEMA) == {}


def test_groups_of_one_name_are_adopted_with_their_own_houses_and_tenants_one_to_one(site: Site) -> None:
    site.sandbox.set_option("etg24", "external_ids", "documented")
    rows = etg24(3, 2)
    # Etg24 gives its ids in another order than the rows have.
    site.sync("etg24", {"objektgruppen": rows["objektgruppen"][::-1][:1]})
    site.sync("etg24", rows)
    held = site.ledger(
        "select external_id, remote_id from sync.ledger where entity = 'objektgruppen' order by all"
    )
    site.ledger("delete from sync.ledger")
    counts = {c.entity: c for c in adopt(site.home, connector("etg24"), apply=True).counts}
    assert {
        name: (c.ambiguous, c.to_create) for name, c in counts.items() if c.ambiguous or c.to_create
    } == {}
    again = site.ledger(
        "select external_id, remote_id from sync.ledger where entity = 'objektgruppen' order by all"
    )
    assert again == held
    site.sync("etg24", rows)
    assert_one_record_a_row(site, "etg24", rows)
