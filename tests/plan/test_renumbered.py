"""Rows that the ERP made anew: pointed out in a plan, held back when there are many."""

import copy
import json
from typing import Any

import duckdb
import pytest

from pipelines.ledger.ledger import open_database
from pipelines.plan.guards import DEFAULTS
from pipelines.plan.renumbered import Renumbered, count_renumbered, read_renumbered
from pipelines.push import push as engine
from tests.push.marts import write_marts
from tests.push.site import TODAY, Rows, Site
from tests.push.stock import FACILIOO, HOUSE, KIWI
from tests.push.test_guarded_push import many


def renamed(rows: Rows, old: str, new: str) -> Rows:
    """The same marts with ids that begin with one number beginning with another."""
    text = json.dumps(rows)
    for end in ('"', "/"):
        text = text.replace(f'"{old}{end}', f'"{new}{end}')
    return json.loads(text)  # type: ignore[no-any-return]


def pairs(site: Site, partner: str, rows: Rows) -> tuple[list[Renumbered], dict[str, int]]:
    """What a plan of these marts points out, and how many records of each entity that are."""
    with open_database(site.home) as db:
        write_marts(db, partner, rows)
    plan_id = engine.plan(site.home, [partner], TODAY).plan_id
    with open_database(site.home) as db:
        return read_renumbered(db, plan_id, [partner]), count_renumbered(db, plan_id, partner)


def test_a_we_with_another_number_is_one_pair_with_all_that_hangs_on_it(site: Site) -> None:
    site.sync("etg24", HOUSE)
    found, counts = pairs(site, "etg24", renamed(HOUSE, "001/1", "001/2"))
    assert found == [Renumbered("etg24", "objektgruppen", "001/1", "001/2", 14)]
    assert found[0].command == ("stammdaten rekey etg24 --entity objektgruppen --from 001/1 --to 001/2")
    assert counts == {name: len(rows) for name, rows in HOUSE.items()}


def test_a_lease_that_ends_and_one_that_begins_are_no_renumbering(site: Site) -> None:
    site.sync("etg24", HOUSE)
    rows = copy.deepcopy(HOUSE)
    rows["mietvertraege"][0] |= {"external_id": "001/1/01/0001/02", "validFrom": "2026-12-01"}
    for tenant in rows["mieter"][:2]:
        tenant["external_id"] = tenant["external_id"].replace("0001/01/", "0001/02/8")
        tenant["mietvertraege_external_id"] = "001/1/01/0001/02"
        tenant["lastName"] = "Beispiel"
    assert pairs(site, "etg24", rows) == ([], {})


@pytest.mark.sampled
@pytest.mark.parametrize(("partner", "rows"), [("kiwi", KIWI), ("facilioo", FACILIOO)])
def test_a_person_with_another_number_is_one_pair_with_its_contracts(
    site: Site, partner: str, rows: Rows
) -> None:
    site.sync(partner, rows)
    text = json.dumps(rows).replace('"77', '"78').replace('/77"', '/78"')
    found, _ = pairs(site, partner, json.loads(text))
    entity = {"kiwi": "mieter", "facilioo": "parteien_mieter"}[partner]
    assert found == [Renumbered(partner, entity, "77", "78", {"kiwi": 1, "facilioo": 2}[partner])]


def test_a_we_whose_number_is_sent_too_is_one_pair_with_all_that_hangs_on_it(site: Site) -> None:
    rows = copy.deepcopy(FACILIOO)
    for name in ("projekte", "gebaeude"):
        for row in rows[name]:
            row["number"] = row["external_id"].split("/")[-1]
    new = renamed(rows, "001/1", "001/2")
    new["projekte"][0]["number"] = "2"
    site.sync("facilioo", rows)
    found, counts = pairs(site, "facilioo", new)
    assert found == [Renumbered("facilioo", "projekte", "001/1", "001/2", 4)]
    assert counts["vertraege_mieter"] == 1


def test_a_flat_whose_number_stands_in_its_name_is_a_pair_too(site: Site) -> None:
    rows = copy.deepcopy(FACILIOO)
    rows["einheiten"][0] |= {"number": "0001", "name": "Wohnung 0001"}
    new = renamed(rows, "001/1/01/0001", "001/1/01/0009")
    new["einheiten"][0] |= {"number": "0009", "name": "Wohnung 0009"}
    site.sync("facilioo", rows)
    assert pairs(site, "facilioo", new)[0] == [
        Renumbered("facilioo", "einheiten", "001/1/01/0001", "001/1/01/0009", 1)
    ]
    new["einheiten"][0]["name"] = "Laden 0009"
    assert pairs(site, "facilioo", new)[0] == []


def test_equal_records_are_not_taken_for_one_another(site: Site) -> None:
    units = [{**KIWI["verwaltungseinheiten"][0], "external_id": f"001/1/01/000{n}"} for n in (1, 2, 3)]
    site.sync("kiwi", {"verwaltungseinheiten": units})
    new = [{**unit, "external_id": unit["external_id"].replace("001/1", "001/2")} for unit in units[:2]]
    assert pairs(site, "kiwi", {"verwaltungseinheiten": new}) == ([], {})


def test_many_that_look_renumbered_hold_the_partner_back_until_that_is_allowed(site: Site) -> None:
    site.sync("etg24", many())
    before = site.sent("etg24")
    rows = many()
    for lease in rows["mietvertraege"][:4]:
        lease["external_id"] = lease["external_id"].replace("/01", "/02").replace("001/1/02", "001/1/01")
    site.sync("etg24", rows)
    (trip,) = site.held["etg24"].tripped
    assert (trip.guard, trip.entity, trip.rows) == ("renumber", "mietvertraege", 4)
    assert "4 records would be withdrawn and created again under another id" in trip.message
    assert site.held["etg24"].rows[trip.message][0] == "001/1/01/0001/01 → 001/1/01/0001/02"
    assert site.sent("etg24") == before
    plan_id = engine.plan(site.home, ["etg24"], TODAY).plan_id
    pushed = engine.push(site.home, plan_id, ["etg24"], DEFAULTS, frozenset({"renumber"}))
    assert pushed.held == {}


def test_an_unchanged_or_replaced_plan_points_nothing_out(site: Site) -> None:
    site.sync("etg24", HOUSE)
    assert pairs(site, "etg24", renamed(HOUSE, "001/1", "001/2"))[0] != []
    assert pairs(site, "etg24", HOUSE) == ([], {})
    with duckdb.connect(str(site.home / "stammdaten.duckdb")) as db:
        found: Any = db.execute("select count(*) from sync.plan_renumbered").fetchall()
    assert found == [(0,)]
