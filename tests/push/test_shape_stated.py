"""A partner that makes its sites itself, and whose contracts may be changed as far as their state allows."""

import copy
from typing import Any

import pytest

from pipelines.api.connector import connector
from pipelines.contract.contract import ContractError, load_contract, parse_contract
from pipelines.ledger.journal import Journal
from pipelines.ledger.ledger import open_database
from pipelines.push import push as engine
from pipelines.push.recovery import recover
from pipelines.readback.adopt import adopt
from pipelines.readback.verify import verify
from tests.push.marts import write_marts
from tests.push.site import TODAY, Rows, Site
from tests.push.somebody import does

SITES: Rows = {
    "anlagen": [{"external_id": f"1-{n}", "name": f"Am Park {n}"} for n in (1, 2)],
    "tueren": [
        {"external_id": f"1-{n}-1", "anlagen_external_id": f"1-{n}", "name": f"Tür {n}"} for n in (1, 2)
    ],
}
LEASE: dict[str, Any] = {
    "external_id": "1-1-1-7",
    "anlagen_external_id": "1-1",
    "tueren_external_id": "1-1-1",
    "from": "2020-01-01",
    "until": None,
    "people": ["Ada"],
}


def stock(**lease: Any) -> Rows:
    return {**copy.deepcopy(SITES), "mietvertraege": [{**LEASE, **lease}]}


def ledger(site: Site, entity: str) -> list[Any]:
    return site.ledger(
        f"select external_id, state, reason, remote_id from sync.ledger where entity = '{entity}' order by 1"
    )


def writes(site: Site) -> list[str]:
    """What was sent to be written, without logins, with the last step of the path."""
    return [
        f"{r.method} {r.path.rsplit('/', 2)[-2] if r.method != 'POST' else r.path.rsplit('/', 1)[-1]}"
        for r in site.sandbox.requests("stated")
        if r.method != "GET" and "token" not in r.path
    ]


def shown(site: Site) -> dict[str, Any]:
    (record,) = site.sandbox.records("stated", "mietvertraege")
    return record


# ---- records that are never created


def test_what_the_partner_makes_itself_is_blocked_with_who_makes_it_and_its_children_wait(
    shapes: Site,
) -> None:
    lines = shapes.sync("stated", SITES)
    assert (lines["anlagen"].created, lines["anlagen"].blocked, lines["tueren"].blocked) == (0, 2, 2)
    assert ledger(shapes, "anlagen")[0] == ("1-1", "blocked", "not_made_yet", None)
    fields = "select reason, fields from sync.ledger where entity = 'tueren' order by 1, 2"
    assert shapes.ledger(fields) == [("parent_missing", "anlagen 1-1"), ("parent_missing", "anlagen 1-2")]
    assert writes(shapes) == []
    assert shapes.ledger("select creates, matches from sync.plan_counts where entity = 'anlagen'") == [(0, 2)]
    assert shapes.ledger("select operation from sync.plan where entity = 'anlagen'") == [("match",)] * 2


def test_it_is_matched_in_the_next_run_although_the_row_has_not_changed(shapes: Site) -> None:
    for _ in range(5):
        shapes.sync("stated", SITES)
    one = shapes.sandbox.make("stated", "anlagen", {"name": "Anders", "externalId": "1-1"})
    two = shapes.sandbox.make("stated", "anlagen", {"name": "Am Park 2"})
    shapes.sandbox.make("stated", "anlagen", {"name": "Fremd"})
    lines = shapes.sync("stated", SITES)
    assert (lines["anlagen"].undelivered, lines["tueren"].created) == (0, 2)
    assert ledger(shapes, "anlagen") == [("1-1", "synced", None, one), ("1-2", "synced", None, two)]
    assert len(shapes.sandbox.records("stated", "anlagen")) == 3
    before = len(shapes.sent("stated"))
    shapes.sync("stated", SITES)
    assert len(shapes.sent("stated")) == before


def test_two_rows_that_fit_one_record_get_neither(shapes: Site) -> None:
    shapes.sandbox.make("stated", "anlagen", {"name": "Am Park"})
    rows = {**SITES, "anlagen": [{**row, "name": "Am Park"} for row in SITES["anlagen"]]}
    lines = shapes.sync("stated", rows)
    assert (lines["anlagen"].rejected, lines["tueren"].blocked) == (2, 2)
    assert {row[2] for row in ledger(shapes, "anlagen")} == {"ambiguous"}
    rows["anlagen"][1]["name"] = "Am Teich"
    lines = shapes.sync("stated", rows)
    assert [row[2] for row in ledger(shapes, "anlagen")] == [None, "not_made_yet"]
    assert (lines["tueren"].created, lines["tueren"].blocked) == (1, 1)


def test_a_row_that_fits_two_records_gets_neither_until_one_of_them_is_gone(shapes: Site) -> None:
    for _ in range(2):
        shapes.sandbox.make("stated", "anlagen", {"name": "Am Park 1"})
    rows = {key: value[:1] for key, value in SITES.items()}
    for _ in range(4):
        shapes.sync("stated", rows)
    assert ledger(shapes, "anlagen") == [("1-1", "rejected", "ambiguous", None)]
    three = shapes.sandbox.make("stated", "anlagen", {"name": "Anders", "externalId": "1-1"})
    shapes.sync("stated", rows)
    assert ledger(shapes, "anlagen") == [("1-1", "synced", None, three)]


def test_a_record_with_the_id_of_one_row_is_not_anothers_by_its_name(shapes: Site) -> None:
    shapes.sandbox.make("stated", "anlagen", {"name": "Am Park 1", "externalId": "1-2"})
    shapes.sync("stated", SITES)
    assert [row[1:3] for row in ledger(shapes, "anlagen")] == [("blocked", "not_made_yet"), ("synced", None)]


@pytest.mark.sampled
@pytest.mark.parametrize("theirs", ["FREMD-9", "1-2", "1-3", 7, " "])
def test_a_record_with_any_other_id_is_nobodys_by_its_name(shapes: Site, theirs: Any) -> None:
    shapes.sandbox.make("stated", "anlagen", {"name": "Am Park 1", "externalId": theirs})
    rows = {key: value[:1] for key, value in SITES.items()}
    for _ in range(2):
        lines = shapes.sync("stated", rows)
        assert ledger(shapes, "anlagen") == [("1-1", "blocked", "not_made_yet", None)]
        assert lines["tueren"].blocked == 1
    assert writes(shapes) == []


def test_a_record_that_is_one_of_several_of_a_row_is_not_anothers_by_its_name(shapes: Site) -> None:
    for name in ("Anders", "Am Park 2"):
        shapes.sandbox.make("stated", "anlagen", {"name": name, "externalId": "1-1"})
    shapes.sync("stated", SITES)
    assert [row[1:] for row in ledger(shapes, "anlagen")] == [
        ("rejected", "ambiguous", None),
        ("blocked", "not_made_yet", None),
    ]
    assert writes(shapes) == []


def test_a_row_without_its_natural_key_fits_nothing(shapes: Site) -> None:
    shapes.sandbox.make("stated", "anlagen", {"name": None})
    shapes.sync("stated", {"anlagen": [{"external_id": "1-1", "name": None}]})
    assert ledger(shapes, "anlagen")[0][2] == "not_made_yet"


def test_a_list_without_an_answer_tells_nothing_of_what_is_there(shapes: Site) -> None:
    shapes.sandbox.make("stated", "anlagen", {"name": "Am Park 1"})
    for name, value in {"error_rate": "100", "error_status": "503", "fault_on": "/sites$"}.items():
        shapes.sandbox.set_option("stated", name, value)
    lines = shapes.sync("stated", {"anlagen": SITES["anlagen"]})
    assert lines["anlagen"].pending == 2
    assert {row[2] for row in ledger(shapes, "anlagen")} == {"unavailable"}


def test_a_matched_record_that_leaves_stays_and_one_that_comes_back_is_taken_up_again(shapes: Site) -> None:
    for n in (1, 2):
        shapes.sandbox.make("stated", "anlagen", {"name": f"Am Park {n}"})
    shapes.sync("stated", SITES)
    shapes.sync("stated", {"anlagen": SITES["anlagen"][:1], "tueren": SITES["tueren"][:1]})
    assert [row[1:3] for row in ledger(shapes, "anlagen")] == [("synced", None), ("withdrawn", "kept")]
    assert len(shapes.sandbox.records("stated", "anlagen")) == 2
    assert len(shapes.sandbox.records("stated", "tueren")) == 1
    shapes.sync("stated", SITES)
    assert [row[1] for row in ledger(shapes, "anlagen")] == ["synced"] * 2
    renamed = {**SITES, "anlagen": [{**row, "name": "Neu"} for row in SITES["anlagen"]]}
    before = len(shapes.sent("stated"))
    assert shapes.sync("stated", renamed)["anlagen"].undelivered == 0
    assert len(shapes.sent("stated")) == before


def test_adopt_and_verify_know_records_that_are_never_created(shapes: Site) -> None:
    shapes.sandbox.make("stated", "anlagen", {"name": "Am Park 1"})
    shapes.sync("stated", stock())
    shapes.ledger("delete from sync.ledger")
    found = {line.entity: line for line in adopt(shapes.home, connector("stated"), apply=True).counts}
    assert (found["anlagen"].by_natural_key, found["tueren"].by_external_id) == (1, 1)
    assert found["mietvertraege"].by_external_id == 1
    assert (found["anlagen"].to_create, found["anlagen"].not_made) == (0, 1)
    shapes.sync("stated", stock())
    assert [row[1] for row in ledger(shapes, "anlagen")] == ["synced", "blocked"]
    assert verify(shapes.home, connector("stated")).findings == ()


def killed(site: Site, rows: Rows, entity: str) -> None:
    """A run that died after it had intended the rows of an entity, and before any outcome."""
    with open_database(site.home) as db:
        write_marts(db, "stated", rows)
    recover(site.home, ["stated"])
    made = engine.plan(site.home, ["stated"], TODAY)
    seqs = site.ledger(f"select seq from sync.plan where plan_id = '{made.plan_id}' and entity = '{entity}'")
    journal = Journal(site.home / "journal.sqlite")
    journal.intend(made.plan_id, "stated", [seq for (seq,) in seqs])
    journal.close()


def test_a_run_that_died_while_it_matched_leaves_nothing_behind(shapes: Site) -> None:
    killed(shapes, SITES, "anlagen")
    lines = shapes.sync("stated", SITES)
    assert (lines["anlagen"].blocked, lines["anlagen"].pending) == (2, 0)
    killed(shapes, SITES, "anlagen")
    for n in (1, 2):
        shapes.sandbox.make("stated", "anlagen", {"name": f"Am Park {n}"})
    assert sum(line.undelivered for line in shapes.sync("stated", SITES).values()) == 0
    assert len(shapes.sandbox.records("stated", "anlagen")) == 2


# ---- what a record's state allows


@pytest.fixture
def leased(shapes: Site) -> Site:
    for n in (1, 2):
        shapes.sandbox.make("stated", "anlagen", {"name": f"Am Park {n}"})
    shapes.sync("stated", stock())
    assert shown(shapes)["people"] == ["Ada"]
    return shapes


def test_a_planned_record_takes_each_change_and_goes_when_it_never_began(leased: Site) -> None:
    leased.sync("stated", stock(people=["Ben"], until="2027-01-31"))
    assert (shown(leased)["people"], shown(leased)["until"]) == (["Ben"], "2027-01-31")
    leased.sync("stated", stock(**{"from": "2030-01-01"}))
    leased.sync("stated", SITES)
    assert leased.sandbox.records("stated", "mietvertraege") == []
    assert ledger(leased, "mietvertraege") == [("1-1-1-7", "withdrawn", "deleted", None)]


def test_an_active_record_gets_its_end_only_and_the_rest_is_named_and_not_tried_again(leased: Site) -> None:
    leased.sandbox.set_option("stated", "status", "active")
    leased.sandbox.set_option("stated", "log_bodies", "yes")
    line = leased.sync("stated", stock(people=["Ben"], until="2027-01-31"))["mietvertraege"]
    assert (line.updated, line.undelivered) == (1, 0)
    assert (shown(leased)["people"], shown(leased)["until"]) == (["Ada"], "2027-01-31")
    assert [r.body for r in leased.sandbox.requests("stated") if r.method == "PATCH"] == [
        '{"until": "2027-01-31"}'
    ]
    told = "select state, reason, fields, payload from sync.ledger where entity = 'mietvertraege'"
    ((state, reason, fields, payload),) = leased.ledger(told)
    assert (state, reason, fields) == ("synced", "state_forbids", "people")
    assert '"Ada"' in payload
    assert "Ben" not in payload
    before = len(leased.sent("stated"))
    leased.sync("stated", stock(people=["Ben"], until="2027-01-31"))
    assert len(leased.sent("stated")) == before
    leased.sandbox.set_option("stated", "status", "planned")
    leased.sync("stated", stock(people=["Ben"], until="2027-02-28"))
    assert shown(leased)["people"] == ["Ben"]
    assert ledger(leased, "mietvertraege")[0][1:3] == ("synced", None)


def test_a_change_that_a_dead_run_may_have_sent_is_judged_by_the_state_anew(leased: Site) -> None:
    killed(leased, stock(people=["Ben"], until="2027-01-31"), "mietvertraege")
    leased.sandbox.set_option("stated", "status", "active")
    line = leased.sync("stated", stock(people=["Ben"], until="2027-01-31"))["mietvertraege"]
    assert line.undelivered == 0
    assert (shown(leased)["people"], shown(leased)["until"]) == (["Ada"], "2027-01-31")


def test_a_create_whose_answer_is_lost_is_found_and_not_sent_whole_again(leased: Site) -> None:
    more = {**LEASE, "external_id": "1-2-1-8", "anlagen_external_id": "1-2", "tueren_external_id": "1-2-1"}
    leased.sandbox.set_option("stated", "log_bodies", "yes")
    for name, value in {
        "cut_after_rate": "100",
        "fault_on": "^POST .*contracts$",
        "fault_limit": "1",
    }.items():
        leased.sandbox.set_option("stated", name, value)
    rows = stock()
    line = leased.sync("stated", {**rows, "mietvertraege": [*rows["mietvertraege"], more]})["mietvertraege"]
    assert line.undelivered == 0
    assert len(leased.sandbox.records("stated", "mietvertraege")) == 2


def test_an_active_record_that_leaves_gets_an_end_and_is_not_deleted(leased: Site) -> None:
    leased.sandbox.set_option("stated", "status", "active")
    leased.sync("stated", SITES)
    assert shown(leased)["until"] == "2026-11-21"
    assert ledger(leased, "mietvertraege")[0][1:3] == ("withdrawn", "ended")


def test_one_that_should_be_deleted_before_it_began_and_is_active_ends_on_its_first_day(leased: Site) -> None:
    leased.sync("stated", stock(**{"from": "2030-01-01"}))
    leased.sandbox.set_option("stated", "status", "active")
    leased.sync("stated", SITES)
    assert (shown(leased)["from"], shown(leased)["until"]) == ("2030-01-01", "2030-01-01")


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("status", "until", "states"),
    [
        ("planned", None, ["deleted", "deleted"]),
        ("active", "2026-11-21", ["ended", "still_referenced"]),
        ("ended", None, ["ended", "still_referenced"]),
    ],
)
def test_what_its_parent_is_deleted_with_is_deleted_where_its_state_allows_it(
    leased: Site, status: str, until: str | None, states: list[str]
) -> None:
    leased.sandbox.set_option("stated", "status", status)
    leased.sync("stated", {"anlagen": SITES["anlagen"], "tueren": SITES["tueren"][1:]})
    assert [row[2] for name in ("mietvertraege", "tueren") for row in ledger(leased, name)[:1]] == states
    if status != "planned":
        assert shown(leased)["until"] == until


WITHOUT_DOOR: Rows = {"anlagen": SITES["anlagen"], "tueren": SITES["tueren"][1:]}


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("status", "until", "states"),
    [
        ("planned", None, ["deleted", "deleted"]),
        ("active", "2026-11-21", ["ended", "still_referenced"]),
        ("ended", "2026-11-21", ["ended", "still_referenced"]),
    ],
)
def test_one_that_an_earlier_run_has_ended_goes_with_its_parent_where_its_state_allows_it(
    leased: Site, status: str, until: str | None, states: list[str]
) -> None:
    leased.sync("stated", SITES)
    leased.sync("stated", SITES)
    assert ledger(leased, "mietvertraege")[0][1:3] == ("withdrawn", "ended")
    assert shown(leased)["until"] == "2026-11-21"
    leased.sandbox.set_option("stated", "status", status)
    before = writes(leased)
    lines = leased.sync("stated", WITHOUT_DOOR)
    assert lines["mietvertraege"].withdrawn == 1
    assert [row[2] for name in ("mietvertraege", "tueren") for row in ledger(leased, name)[:1]] == states
    counted = leased.ledger(
        "select entity, withdrawals from sync.plan_counts where withdrawals > 0 and plan_id ="
        " (select max_by(plan_id, created_at) from sync.plans) order by 1"
    )
    assert counted == [("mietvertraege", 1), ("tueren", 1)]
    if status == "planned":
        assert leased.sandbox.records("stated", "mietvertraege") == []
        before = writes(leased)
        leased.sync("stated", WITHOUT_DOOR)
    else:
        assert (shown(leased)["from"], shown(leased)["until"]) == ("2020-01-01", until)
        before = [*before, "DELETE doors"]
    assert writes(leased) == before


def test_one_whose_end_was_known_before_it_left_goes_with_its_parent_too(leased: Site) -> None:
    leased.sync("stated", stock(until="2026-10-31"))
    lines = leased.sync("stated", WITHOUT_DOOR)
    assert (lines["mietvertraege"].withdrawn, lines["tueren"].withdrawn) == (1, 1)
    assert leased.sandbox.records("stated", "mietvertraege") == []
    assert [row["external_id"] for row in SITES["tueren"][1:]] == [
        row["externalId"] for row in leased.sandbox.records("stated", "tueren")
    ]


def test_one_that_is_let_again_is_changed_and_not_deleted(leased: Site) -> None:
    leased.sync("stated", SITES)
    moved = {"anlagen_external_id": "1-2", "tueren_external_id": "1-2-1"}
    leased.sync("stated", {**WITHOUT_DOOR, "mietvertraege": [{**LEASE, **moved}]})
    operations = "select operation from sync.plan where entity = 'mietvertraege'"
    assert leased.ledger(operations) == [("update",)]


def test_a_parent_waits_until_it_is_known_what_became_of_one_that_was_ended(leased: Site) -> None:
    leased.sync("stated", SITES)
    leased.sandbox.set_option("stated", "shown_status", "unheard of")
    lines = leased.sync("stated", WITHOUT_DOOR)
    assert [row[1:3] for n in ("mietvertraege", "tueren") for row in ledger(leased, n)[:1]] == [
        ("pending", "state_unknown"),
        ("blocked", "children_left"),
    ]
    assert lines["tueren"].blocked == 1
    leased.sandbox.set_option("stated", "shown_status", "")
    leased.sync("stated", WITHOUT_DOOR)
    assert [row[2] for n in ("mietvertraege", "tueren") for row in ledger(leased, n)[:1]] == ["deleted"] * 2


def test_a_record_that_is_over_needs_no_end(leased: Site) -> None:
    leased.sandbox.set_option("stated", "status", "ended")
    before = writes(leased)
    for _ in range(2):
        leased.sync("stated", stock(people=["Ben"]))
        assert ledger(leased, "mietvertraege")[0][1:3] == ("synced", "state_forbids")
        (note,) = leased.notes
        assert note.startswith(
            "Stated mietvertraege: 1 whose state there does not allow people to be changed"
        )
    leased.sync("stated", SITES)
    assert leased.notes == ()
    assert ledger(leased, "mietvertraege")[0][1:3] == ("withdrawn", "ended")
    assert writes(leased) == before


# ---- records that lists do not show

CHANGED = {"people": ["Ben"]}


@pytest.mark.sampled
@pytest.mark.parametrize("runs", [1, 3])
def test_a_record_that_a_list_does_not_show_is_not_made_again_and_is_changed_when_it_is_shown(
    leased: Site, runs: int
) -> None:
    own = shown(leased)["id"]
    leased.sandbox.set_option("stated", "hides", "yes")
    for _ in range(runs):
        assert leased.sync("stated", stock(**CHANGED))["mietvertraege"].pending == 1
        assert ledger(leased, "mietvertraege") == [("1-1-1-7", "pending", "not_shown", own)]
    leased.sandbox.set_option("stated", "hides", "no")
    assert leased.sync("stated", stock(**CHANGED))["mietvertraege"].undelivered == 0
    assert (shown(leased)["id"], shown(leased)["people"]) == (own, ["Ben"])
    assert ledger(leased, "mietvertraege") == [("1-1-1-7", "synced", None, own)]


def test_one_that_is_there_under_another_id_by_then_is_taken_up(leased: Site) -> None:
    leased.sandbox.set_option("stated", "hides", "yes")
    leased.sync("stated", stock(**CHANGED))
    (other,) = again(leased)
    leased.sandbox.set_option("stated", "hides", "no")
    assert leased.sync("stated", stock(**CHANGED))["mietvertraege"].undelivered == 0
    assert (shown(leased)["id"], shown(leased)["people"]) == (other, ["Ben"])
    assert ledger(leased, "mietvertraege") == [("1-1-1-7", "synced", None, other)]


def test_one_that_is_there_twice_under_other_ids_is_ambiguous_and_not_made(leased: Site) -> None:
    leased.sandbox.set_option("stated", "hides", "yes")
    leased.sync("stated", stock(**CHANGED))
    again(leased, 2)
    leased.sandbox.set_option("stated", "hides", "no")
    leased.sync("stated", stock(**CHANGED))
    assert ledger(leased, "mietvertraege") == [("1-1-1-7", "rejected", "ambiguous", None)]
    assert len(leased.sandbox.records("stated", "mietvertraege")) == 2


def test_one_that_is_not_shown_for_long_is_made_again(leased: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    again(leased, 0)
    leased.sync("stated", stock(**CHANGED))
    assert ledger(leased, "mietvertraege")[0][2] == "not_shown"
    monkeypatch.setenv("DESTINATION__STATED__ABSENT_AFTER", "0")
    assert leased.sync("stated", stock(**CHANGED))["mietvertraege"].created == 1
    assert shown(leased)["people"] == ["Ben"]


@pytest.mark.sampled
@pytest.mark.parametrize("status", ["planned", "active"])
def test_a_withdrawal_of_a_record_that_is_not_shown_waits_until_it_is(leased: Site, status: str) -> None:
    leased.sandbox.set_option("stated", "status", status)
    leased.sandbox.set_option("stated", "hides", "yes")
    for _ in range(2):
        assert leased.sync("stated", SITES)["mietvertraege"].pending == 1
        assert ledger(leased, "mietvertraege")[0][1:3] == ("pending", "not_shown")
    leased.sandbox.set_option("stated", "hides", "no")
    leased.sync("stated", SITES)
    assert shown(leased)["until"] == "2026-11-21"
    assert ledger(leased, "mietvertraege")[0][1:3] == ("withdrawn", "ended")


def test_a_withdrawal_of_one_that_is_not_shown_for_long_is_done(
    leased: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    again(leased, 0)
    before = writes(leased)
    leased.sync("stated", SITES)
    assert ledger(leased, "mietvertraege")[0][1:3] == ("pending", "not_shown")
    monkeypatch.setenv("DESTINATION__STATED__ABSENT_AFTER", "0")
    leased.sync("stated", SITES)
    assert ledger(leased, "mietvertraege") == [("1-1-1-7", "withdrawn", "deleted", None)]
    assert writes(leased) == before


def states_of(site: Site) -> set[tuple[str, str]]:
    """State and reason of doors and their contracts."""
    return {row[1:3] for entity in ("tueren", "mietvertraege") for row in ledger(site, entity)}


def test_the_parent_of_one_that_is_not_shown_stays_until_it_is_surely_gone(
    leased: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    again(leased, 0)
    for _ in range(2):
        leased.sync("stated", {"anlagen": SITES["anlagen"]})
        # The other door has no contract.
        assert states_of(leased) == {
            ("blocked", "children_left"), ("pending", "not_shown"), ("withdrawn", "deleted"),
        }  # fmt: skip
    monkeypatch.setenv("DESTINATION__STATED__ABSENT_AFTER", "0")
    leased.sync("stated", {"anlagen": SITES["anlagen"]})
    assert states_of(leased) == {("withdrawn", "deleted")}


def test_one_that_is_not_shown_and_whose_parent_is_gone_at_the_partner_is_gone(leased: Site) -> None:
    address = "/sites/{siteId}/doors/{doorId}".format(**shown(leased))
    again(leased, 0)
    does("stated", "delete", address)
    for _ in range(2):
        leased.sync("stated", {"anlagen": SITES["anlagen"]})
    assert states_of(leased) == {("withdrawn", "deleted")}


def test_a_row_that_leaves_while_its_record_is_not_shown_is_withdrawn(leased: Site) -> None:
    leased.sandbox.set_option("stated", "hides", "yes")
    leased.sync("stated", stock(**CHANGED))
    leased.sync("stated", SITES)
    (other,) = again(leased)
    leased.sandbox.set_option("stated", "hides", "no")
    leased.sync("stated", SITES)
    assert (shown(leased)["id"], shown(leased)["until"]) == (other, "2026-11-21")


def test_a_list_without_an_answer_concludes_nothing_of_what_was_not_shown(
    leased: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    leased.sandbox.set_option("stated", "hides", "yes")
    leased.sync("stated", stock(**CHANGED))
    monkeypatch.setenv("DESTINATION__STATED__ABSENT_AFTER", "0")
    leased.sandbox.set_option("stated", "hides", "no")
    for name, value in {"error_rate": "100", "error_status": "503", "fault_on": "GET .*contracts"}.items():
        leased.sandbox.set_option("stated", name, value)
    assert leased.sync("stated", stock(**CHANGED))["mietvertraege"].pending == 1
    assert len(leased.sandbox.records("stated", "mietvertraege")) == 1


def again(site: Site, number: int = 1) -> list[str]:
    """The contract is deleted at the partner, and made again there so many times; the new ids."""
    body = {name: value for name, value in shown(site).items() if name not in ("id", "status")}
    does("stated", "delete", "/sites/{siteId}/doors/{doorId}/contracts/{id}".format(**shown(site)))
    return [site.sandbox.make("stated", "mietvertraege", body) for _ in range(number)]


@pytest.mark.sampled
@pytest.mark.parametrize("state", ["suspended", "PLANNED", " planned"])
def test_a_state_that_is_unknown_allows_nothing_and_is_asked_again(leased: Site, state: str) -> None:
    before = writes(leased)
    leased.sandbox.set_option("stated", "shown_status", state)
    assert leased.sync("stated", stock(people=["Ben"]))["mietvertraege"].pending == 1
    assert ledger(leased, "mietvertraege")[0][1:3] == ("pending", "state_unknown")
    leased.sync("stated", SITES)
    assert ledger(leased, "mietvertraege")[0][1:3] == ("pending", "state_unknown")
    assert writes(leased) == before
    leased.sandbox.set_option("stated", "shown_status", "")
    leased.sync("stated", stock(people=["Ben"]))
    assert shown(leased)["people"] == ["Ben"]


def test_a_record_that_is_taken_up_in_a_state_that_forbids_it_is_not_sent_whole(leased: Site) -> None:
    leased.ledger("delete from sync.ledger where entity = 'mietvertraege'")
    leased.sandbox.set_option("stated", "status", "active")
    leased.sandbox.set_option("stated", "log_bodies", "yes")
    adopt(leased.home, connector("stated"), apply=True)
    leased.ledger("update sync.ledger set payload_hash = null where entity = 'mietvertraege'")
    line = leased.sync("stated", stock(people=["Ben"], until="2027-01-31"))["mietvertraege"]
    assert line.undelivered == 0
    assert [r.body for r in leased.sandbox.requests("stated") if r.method == "PATCH"] == [
        '{"until": "2027-01-31"}'
    ]


def test_a_state_that_changes_between_look_and_write_is_looked_at_once_more(leased: Site) -> None:
    leased.sandbox.set_option("stated", "status", "active")
    leased.sandbox.set_option("stated", "shown_status", "planned")
    line = leased.sync("stated", stock(people=["Ben"]))["mietvertraege"]
    assert line.rejected == 1
    assert ledger(leased, "mietvertraege")[0][1:3] == ("rejected", "conflict")
    patches = [w for w in writes(leased) if w.startswith("PATCH")]
    assert len(patches) == 2


def test_the_addresses_of_withdrawals_name_all_parents(leased: Site) -> None:
    leased.sync("stated", {key: rows[:1] for key, rows in SITES.items()})
    deleted = [r.path for r in leased.sandbox.requests("stated") if r.method == "DELETE"]
    assert len(deleted) == 1
    assert "{" not in deleted[0]
    assert len(leased.sandbox.records("stated", "tueren")) == 1


@pytest.mark.parametrize(
    ("entity", "change", "said"),
    [
        ("mietvertraege", {"create": "sometimes"}, "allowed: never"),
        ("anlagen", {"withdraw": "delete"}, "what is never created here is kept"),
        ("anlagen", {"upsert": True}, "upsert: not where create is never"),
        ("mietvertraege", {"states": {"field": "status"}}, "the keys field and allows"),
        ("mietvertraege", {"states": {"field": "s", "allows": {"a": {"change": ["x"]}}}}, "takes no 'x'"),
        ("mietvertraege", {"states": {"field": "s", "allows": {"a": {"change": "some"}}}}, "all, or a list"),
        (
            "mietvertraege",
            {"states": {"field": "s", "allows": {"a": {"delete": "yes"}}}},
            "has to be a valid boolean",
        ),
    ],
)
def test_a_contract_that_cannot_be_meant_is_refused(
    shapes: Site, entity: str, change: dict[str, Any], said: str
) -> None:
    document = copy.deepcopy(load_contract("stated").document)
    document["x-entities"][entity] |= change
    with pytest.raises(ContractError, match=said):
        parse_contract("stated", document)
