"""Guards, named plans and side-by-side pushes against the sandbox."""

import copy

import pytest

from pipelines.errors import StammdatenError
from pipelines.history.counted import count_states
from pipelines.ledger.ledger import open_database
from pipelines.plan.guards import DEFAULTS
from pipelines.push import push as engine
from tests.push.marts import write_marts
from tests.push.site import TODAY, Rows, Site
from tests.push.stock import HOUSE, KIWI

FLATS = 30


def many(leases: int = FLATS) -> Rows:
    """A house with 30 flats, the first so many of them let."""
    unit, lease = HOUSE["einheiten"][0], HOUSE["mietvertraege"][0]
    ids = [f"001/1/01/{n:04d}" for n in range(1, FLATS + 1)]
    return {
        "objektgruppen": HOUSE["objektgruppen"],
        "objekte": HOUSE["objekte"][:1],
        "einheiten": [{**unit, "external_id": i, "number": i[-4:]} for i in ids],
        "mietvertraege": [
            {**lease, "external_id": f"{i}/01", "einheiten_external_id": i} for i in ids[:leases]
        ],
    }


def plan(site: Site, rows: Rows, partner: str = "etg24") -> str:
    with open_database(site.home) as db:
        write_marts(db, partner, rows)
    return engine.plan(site.home, [partner], TODAY).plan_id


def test_too_many_withdrawals_stop_the_partner_and_show_twenty_rows(site: Site) -> None:
    site.sync("etg24", many())
    before = site.sent("etg24")
    site.sync("etg24", many(leases=0))
    (trip,) = site.held["etg24"].tripped
    assert trip.message == "mietvertraege: 30 of 30 records would be withdrawn"
    assert len(site.held["etg24"].rows[trip.message]) == 20
    assert site.sent("etg24") == before


def test_records_of_which_an_update_waits_behind_a_guard_are_counted_as_there(site: Site) -> None:
    site.sync("etg24", many())
    with open_database(site.home) as db:
        # As `verify` leaves what somebody changed at the partner, and what is missing there.
        db.execute(
            "update sync.ledger set state = 'pending', payload_hash = null,"
            " remote_id = if(external_id like '%/0001/01', null, remote_id) where entity = 'mietvertraege'"
        )
    plan_id = plan(site, many(leases=1))
    pushed = engine.push(site.home, plan_id, ["etg24"], DEFAULTS)
    assert list(pushed.held) == ["etg24"]
    with open_database(site.home) as db:
        states = count_states(db, plan_id, ["etg24"], None)
    found = {(line["entity"], line["state"]): (line["rows"], line["there"]) for line in states}
    assert found["einheiten", "synced"] == (FLATS, FLATS)
    assert found["mietvertraege", "pending"] == (FLATS, FLATS - 1)


def test_a_plan_whose_counts_are_lost_is_kept_back(site: Site) -> None:
    plan_id = plan(site, HOUSE)
    with open_database(site.home) as db:
        db.execute("delete from sync.plan_counts where entity = 'mieter'")
    pushed = engine.push(site.home, plan_id, ["etg24"], DEFAULTS)
    (trip,) = pushed.held["etg24"].tripped
    assert trip.message == "create mieter: cannot be computed, which counts as tripped"
    assert site.sent("etg24") == []


def test_a_guard_is_lifted_for_one_plan_only_and_that_is_noted(site: Site) -> None:
    site.sync("etg24", many())
    plan_id = plan(site, many(leases=2))
    pushed = engine.push(site.home, plan_id, ["etg24"], DEFAULTS, frozenset({"withdraw"}))
    assert pushed.held == {}
    assert {line.entity: line.withdrawn for line in pushed.lines if line.withdrawn} == {"mietvertraege": 28}
    ((guard, named),) = site.ledger("select guard, allowed_by is not null from sync.allowances")
    assert (guard, named) == ("withdraw", True)
    site.sync("etg24", many())
    site.sync("etg24", many(leases=2))
    assert site.held["etg24"].tripped[0].guard == "withdraw"


def test_an_interrupted_onboarding_goes_on_although_half_of_it_is_new(site: Site) -> None:
    site.sync("etg24", many())
    with open_database(site.home) as db:
        db.execute(
            "delete from sync.onboarded; delete from sync.ledger where entity in ('mietvertraege', 'einheiten')"
        )
    site.sync("etg24", many())
    assert site.held == {}


def test_a_named_plan_is_sent_exactly_once(site: Site) -> None:
    plan_id = plan(site, HOUSE)
    rows = site.ledger("select operation, entity, external_id from sync.plan order by seq")
    assert engine.check_plan(site.home, plan_id, ["etg24"]) == ["etg24"]
    engine.push(site.home, plan_id, ["etg24"], DEFAULTS)
    assert len(site.sent("etg24")) == len(rows)
    with pytest.raises(StammdatenError, match=f"plan {plan_id}: nothing is open in it .etg24 pushed"):
        engine.check_plan(site.home, plan_id, ["etg24"])


def test_a_named_plan_is_refused_when_the_marts_hold_other_rows(site: Site) -> None:
    plan_id = plan(site, HOUSE)
    rows = copy.deepcopy(HOUSE)
    rows["objekte"][0]["title"] = "Anders"
    with open_database(site.home) as db:
        write_marts(db, "etg24", rows)
    with pytest.raises(StammdatenError, match="the marts of etg24 were rebuilt with other rows"):
        engine.check_plan(site.home, plan_id, ["etg24"])


def test_a_named_plan_is_refused_when_the_ledger_moved(site: Site) -> None:
    site.sync("etg24", {"objektgruppen": HOUSE["objektgruppen"]})
    plan_id = plan(site, HOUSE)
    with open_database(site.home) as db:
        db.execute("update sync.ledger set remote_id = 'other'")
    with pytest.raises(StammdatenError, match="the ledger of etg24 has moved since"):
        engine.check_plan(site.home, plan_id, ["etg24"])


def test_an_unknown_plan_is_refused(site: Site) -> None:
    plan(site, HOUSE)
    with pytest.raises(StammdatenError, match="plan 123: unknown"):
        engine.check_plan(site.home, "123", ["etg24"])


def test_partners_are_pushed_side_by_side(site: Site) -> None:
    site.sandbox.set_option("etg24", "latency_ms", "150")
    with open_database(site.home) as db:
        write_marts(db, "etg24", HOUSE)
        write_marts(db, "kiwi", KIWI)
    plan_id = engine.plan(site.home, ["etg24", "kiwi"], TODAY).plan_id
    pushed = engine.push(site.home, plan_id, ["etg24", "kiwi"], DEFAULTS)
    assert pushed.is_complete
    at = {name: [r.at for r in site.sandbox.requests(name)] for name in ("etg24", "kiwi")}
    assert max(at["kiwi"]) < max(at["etg24"])


def test_rows_given_up_after_refusals_go_again_when_asked(site: Site) -> None:
    rows = copy.deepcopy(HOUSE)
    rows["objektgruppen"][0]["title"] = ""
    for _ in range(4):
        site.sync("etg24", rows)
    sent = len(site.sent("etg24"))
    site.sync("etg24", rows)
    assert len(site.sent("etg24")) == sent
    plan_id = engine.plan(site.home, ["etg24"], TODAY, retry_rejected=True).plan_id
    engine.push(site.home, plan_id, ["etg24"], DEFAULTS)
    assert len(site.sent("etg24")) == sent + 1


def refused(rows: Rows, accepted: int) -> Rows:
    """The same with flats that etg24 refuses, but for the first few."""
    units = [{**u, "number": u["number"] if n < accepted else ""} for n, u in enumerate(rows["einheiten"])]
    return {**rows, "einheiten": units}


def large(flats: int = 80) -> Rows:
    rows, unit = many(leases=0), HOUSE["einheiten"][0]
    ids = [f"001/1/01/{n:04d}" for n in range(1, flats + 1)]
    return {
        **rows,
        "einheiten": [{**unit, "external_id": i, "number": i[-4:]} for i in ids],
        "mietvertraege": [],
    }


@pytest.mark.sampled
@pytest.mark.parametrize("noted_before", [False, True])
def test_a_half_refused_onboarding_heals_without_a_guard(site: Site, noted_before: bool) -> None:
    lines = site.sync("etg24", refused(large(), accepted=20))
    assert (lines["einheiten"].created, lines["einheiten"].rejected) == (20, 60)
    if noted_before:
        # As it was noted when one row was enough.
        with open_database(site.home) as db:
            db.execute("insert into sync.onboarded values ('etg24', 'einheiten', now())")
    healed = site.sync("etg24", large())
    assert site.held == {}
    assert healed["einheiten"].created == 60


def test_new_stock_and_records_lost_at_an_onboarded_partner_are_guarded(site: Site) -> None:
    site.sync("etg24", large(80))
    site.sync("etg24", large(140))
    (trip,) = site.held["etg24"].tripped
    assert trip.message == "einheiten: 60 of 80 records would be created"
    with open_database(site.home) as db:
        db.execute(
            "update sync.ledger set state = 'pending', reason = 'missing_at_partner', remote_id = null"
            " where entity = 'einheiten' and external_id > '001/1/01/0020'"
        )
    site.sync("etg24", large(80))
    (trip,) = site.held["etg24"].tripped
    assert trip.message == "einheiten: 60 of 20 records would be created"
