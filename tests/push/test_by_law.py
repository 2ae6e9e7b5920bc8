"""Withdrawals that the law asks for: carried out whatever a guard keeps back, and nothing else with them."""

import copy
from contextlib import closing

import pytest

from pipelines.api.connector import connector
from pipelines.contract.contract import load_contract
from pipelines.explain.explain import explain
from pipelines.ledger.journal import Journal
from pipelines.ledger.ledger import open_database
from pipelines.plan.guards import DEFAULTS
from pipelines.plan.mart_columns import misfits
from pipelines.plan.rows import plan_lines
from pipelines.push import push as engine
from pipelines.push.recovery import recover
from pipelines.settings import Vars
from tests.push.marts import write_marts
from tests.push.shape_stock import BULKED
from tests.push.site import TODAY, Rows, Site

WHY = "the consent to aktivbo is withdrawn since 2026-11-02"


def withdrawn(rows: Rows, *tenants: int) -> Rows:
    """The tenants have withdrawn their consent: out of the mart, and named by the law."""
    ids = [f"001/{n:02d}/77" for n in tenants]
    return {
        **rows,
        "mieter": [row for row in rows["mieter"] if row["external_id"] not in ids],
        "by_law": [{"entity": "mieter", "external_id": i, "rule": "E7", "reason": WHY} for i in ids],
    }


def without_houses(rows: Rows) -> Rows:
    """A delivery that was cut short: fifteen houses less, and all of their tenants."""
    return {**rows, "haeuser": rows["haeuser"][:5], "mieter": rows["mieter"][:5]}


def there(site: Site) -> tuple[int, list[str]]:
    houses = len(site.sandbox.records("bulked", "haeuser"))
    return houses, sorted(record["number"] for record in site.sandbox.records("bulked", "mieter"))


def everybody_but(*tenants: int) -> list[str]:
    return [f"001/{n:02d}/77" for n in range(20) if n not in tenants]


def test_a_withdrawn_consent_is_carried_out_while_a_guard_keeps_everything_else_back(shapes: Site) -> None:
    shapes.sync("bulked", BULKED)
    rows = copy.deepcopy(without_houses(withdrawn(BULKED, 7, 12)))
    rows["haeuser"][0]["city"] = "Berlin"
    lines = shapes.sync("bulked", rows)
    assert {trip.entity for trip in shapes.held["bulked"].tripped} == {"haeuser", "mieter"}
    assert there(shapes) == (20, everybody_but(7, 12))
    assert (lines["mieter"].withdrawn, lines["haeuser"].withdrawn, lines["haeuser"].updated) == (2, 0, 0)
    assert [line for line in shapes.sent("bulked") if "DELETE" in line or "PUT" in line][-2:] == [
        "DELETE /v1/tenants/001%2F07%2F77 204",
        "DELETE /v1/tenants/001%2F12%2F77 204",
    ]
    shapes.sync("bulked", rows)
    assert there(shapes) == (20, everybody_but(7, 12))


def test_what_the_law_asks_for_counts_for_no_guard(shapes: Site) -> None:
    shapes.sync("bulked", BULKED)
    lines = shapes.sync("bulked", withdrawn(BULKED, *range(20)))
    assert shapes.held == {}
    assert (lines["mieter"].withdrawn, there(shapes)) == (20, (20, []))


def test_of_many_that_leave_only_those_named_by_the_law_are_set_aside(shapes: Site) -> None:
    shapes.sync("bulked", BULKED)
    rows = withdrawn(BULKED, 0, 1)
    rows["mieter"] = rows["mieter"][10:]
    shapes.sync("bulked", rows)
    [trip] = shapes.held["bulked"].tripped
    assert trip.message == "mieter: 10 of 20 records would be withdrawn"
    assert there(shapes) == (20, everybody_but(0, 1))


def test_the_rest_of_the_plan_may_be_allowed_afterwards(shapes: Site) -> None:
    shapes.sync("bulked", BULKED)
    with open_database(shapes.home) as db:
        write_marts(db, "bulked", without_houses(withdrawn(BULKED, 7, 12)))
    plan_id = engine.plan(shapes.home, ["bulked"], TODAY).plan_id
    pushed = engine.push(shapes.home, plan_id, ["bulked"], DEFAULTS)
    assert pushed.notes == (
        "bulked: withdrawals that the law asks for went, although a guard keeps the rest back: 2 of mieter",
    )
    assert engine.check_plan(shapes.home, plan_id, ["bulked"]) == ["bulked"]
    pushed = engine.push(shapes.home, plan_id, ["bulked"], DEFAULTS, frozenset({"withdraw"}))
    assert pushed.is_complete
    assert there(shapes) == (5, everybody_but(*range(5, 20)))


def test_the_plan_shows_them_and_says_why(shapes: Site) -> None:
    shapes.sync("bulked", BULKED)
    with open_database(shapes.home) as db:
        write_marts(db, "bulked", withdrawn(BULKED, 3))
    plan = engine.plan(shapes.home, ["bulked"], TODAY)
    [count] = [line for line in plan.counts if line.entity == "mieter"]
    assert (count.withdraw, count.by_law) == (1, 1)
    [row] = plan_lines(shapes.home, plan.plan_id, show_personal_data=False)
    assert (row["operation"], row["external_id"], row["by_law"]) == ("withdraw", "001/03/77", f"E7: {WHY}")


def test_explain_says_before_and_after_why_it_goes(shapes: Site) -> None:
    on = {"bulked": {"aktiv": True, "separator": "/", "mandanten": "alle"}}
    settings = Vars(TODAY, "wodis_sigma", on)
    shapes.sync("bulked", BULKED)
    with open_database(shapes.home) as db:
        write_marts(db, "bulked", withdrawn(BULKED, 3))
    [verdict] = explain(shapes.home, settings, "bulked", "001/03/77").verdicts
    assert "the next run withdraws it, whatever a guard keeps back" in verdict
    assert f"rule E7: {WHY}" in verdict
    shapes.sync("bulked", withdrawn(BULKED, 3))
    [verdict] = explain(shapes.home, settings, "bulked", "001/03/77").verdicts
    assert "withdrawn" in verdict
    assert f"rule E7: {WHY}" in verdict


def test_a_doubt_does_not_hold_what_must_go(shapes: Site) -> None:
    shapes.sync("bulked", BULKED)
    with open_database(shapes.home) as db:
        db.execute(
            "create table partners.bulked__held as select 'mieter' as entity, unnest(['001/03/77', '001/04/77'])"
            " as external_id, 'H1' as rule, 'mietvertrag' as table_name, 'mietende 31.06.2026' as reason,"
            " false as also_in_mart, null::varchar as part, true as holds_below, null::varchar as separator,"
            " null::varchar as person_nr"
        )
    rows = withdrawn(BULKED, 3)
    rows["mieter"] = [row for row in rows["mieter"] if row["external_id"] != "001/04/77"]
    lines = shapes.sync("bulked", rows)
    assert (lines["mieter"].withdrawn, lines["mieter"].held) == (1, 1)
    assert there(shapes)[1] == everybody_but(3)


def test_what_is_in_the_mart_again_is_not_withdrawn(shapes: Site) -> None:
    shapes.sync("bulked", BULKED)
    rows = {**BULKED, "by_law": withdrawn(BULKED, 3)["by_law"]}
    lines = shapes.sync("bulked", rows)
    assert (lines["mieter"].withdrawn, there(shapes)) == (0, (20, everybody_but()))


def test_a_consent_that_is_withdrawn_after_a_create_without_an_answer_takes_the_record_out(
    shapes: Site,
) -> None:
    shapes.sync("bulked", {"haeuser": BULKED["haeuser"]})
    with open_database(shapes.home) as db:
        write_marts(db, "bulked", BULKED)
    plan_id = engine.plan(shapes.home, ["bulked"], TODAY).plan_id
    seqs = [seq for (seq,) in shapes.ledger("select seq from sync.plan where entity = 'mieter'")]
    with closing(Journal(shapes.home / "journal.sqlite")) as journal:
        journal.intend(plan_id, "bulked", seqs)
    client = connector("bulked").client
    row = {"number": "001/03/77", "houseNumber": "001/03", "lastName": "Muster 3"}
    assert client.call("put", "/tenants", {"data": {"rows": [row]}}).ok
    client.close()
    shapes.sync("bulked", withdrawn(BULKED, 3))
    assert there(shapes)[1] == everybody_but(3)


@pytest.mark.sampled
@pytest.mark.parametrize("fault", ["cut_after_rate", "cut_before_rate", "error_after_rate"])
def test_one_whose_answer_is_lost_is_sent_again(shapes: Site, fault: str) -> None:
    shapes.sync("bulked", BULKED)
    shapes.sandbox.set_option("bulked", "fault_on", "^DELETE")
    shapes.sandbox.set_option("bulked", fault, "100")
    shapes.sandbox.set_option("bulked", "fault_limit", "1")
    lines = shapes.sync("bulked", without_houses(withdrawn(BULKED, 7)))
    assert lines["mieter"].withdrawn == 1
    assert there(shapes) == (20, everybody_but(7))


def test_after_a_kill_in_the_middle_the_next_run_carries_it_out(shapes: Site) -> None:
    shapes.sync("bulked", BULKED)
    with open_database(shapes.home) as db:
        write_marts(db, "bulked", without_houses(withdrawn(BULKED, 7, 12)))
    plan_id = engine.plan(shapes.home, ["bulked"], TODAY).plan_id
    [(seq,)] = shapes.ledger("select seq from sync.plan where external_id = '001/07/77'")
    with closing(Journal(shapes.home / "journal.sqlite")) as journal:
        journal.intend(plan_id, "bulked", [seq])
    recover(shapes.home, ["bulked"])
    shapes.sync("bulked", without_houses(withdrawn(BULKED, 7, 12)))
    assert "bulked" in shapes.held
    assert there(shapes) == (20, everybody_but(7, 12))


def test_a_partner_that_is_down_gets_it_in_the_next_run(
    shapes: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.api.http.retry.FIRST_PAUSE", 0.01)
    shapes.sync("bulked", BULKED)
    shapes.sandbox.set_option("bulked", "down", "reset")
    shapes.sync("bulked", without_houses(withdrawn(BULKED, 7)))
    assert there(shapes) == (20, everybody_but())
    shapes.sandbox.set_option("bulked", "down", "no")
    shapes.sync("bulked", without_houses(withdrawn(BULKED, 7)))
    assert there(shapes) == (20, everybody_but(7))


def test_a_partner_without_the_model_that_its_contract_speaks_of_is_not_planned(shapes: Site) -> None:
    with open_database(shapes.home) as db:
        write_marts(db, "bulked", BULKED)
        assert misfits(db, load_contract("bulked")) is None
        db.execute("drop table partners.bulked__by_law")
        assert "bulked__by_law: the model is not there" in str(misfits(db, load_contract("bulked")))
