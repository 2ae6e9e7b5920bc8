"""Plentific over real HTTP: onboarding, a second run, changes, records that are switched off and on."""

import copy

import duckdb
import pytest

from pipelines.api.connector import connector
from pipelines.readback.adopt import adopt
from tests.push.site import Site
from tests.push.stock import PLENTIFIC


def writes(site: Site, since: int = 0) -> list[str]:
    lines = [line for line in site.sent("plentific")[since:] if not line.startswith("GET")]
    return [line for line in lines if "/token" not in line]


def test_plentific_units_get_their_type_from_the_catalogue_which_is_read_once(site: Site) -> None:
    site.sync("plentific", PLENTIFIC)
    types = {u["type_uuid"] for u in site.sandbox.records("plentific", "unterobjekte")}
    assert len(types) == 1
    assert types.isdisjoint({o["type_uuid"] for o in site.sandbox.records("plentific", "objekte")})
    assert len([line for line in site.sent("plentific") if "location-types" in line]) <= 2


def test_a_deactivated_record_is_active_again_when_it_returns(site: Site) -> None:
    site.sync("plentific", PLENTIFIC)
    site.sync("plentific", {**PLENTIFIC, "unterobjekte_mieter": []})
    assert [t["is_active"] for t in site.sandbox.records("plentific", "unterobjekte_mieter")] == [False]
    site.sync("plentific", PLENTIFIC)
    assert [t["is_active"] for t in site.sandbox.records("plentific", "unterobjekte_mieter")] == [True]


@pytest.mark.slow
def test_a_second_run_sends_nothing(site: Site) -> None:
    site.sync("plentific", PLENTIFIC)
    before = site.sent("plentific")
    lines = site.sync("plentific", PLENTIFIC)
    assert site.sent("plentific") == before
    assert sum(line.unchanged for line in lines.values()) == sum(map(len, PLENTIFIC.values()))


def test_a_changed_field_goes_alone_to_its_record(site: Site) -> None:
    site.sandbox.set_option("plentific", "log_bodies", "yes")
    site.sync("plentific", PLENTIFIC)
    rows = copy.deepcopy(PLENTIFIC)
    rows["unterobjekte_mieter"][0]["email"] = "ada.muster@example.org"
    before = len(site.sent("plentific"))
    site.sync("plentific", rows)
    sent = [r for r in site.sandbox.requests("plentific")[before:] if r.method == "PATCH"]
    assert [r.body for r in sent] == ['{"email": "ada.muster@example.org"}']


def test_what_is_there_is_adopted_by_our_ids_and_nothing_is_written(site: Site) -> None:
    site.sync("plentific", PLENTIFIC)
    before = writes(site)
    with duckdb.connect(str(site.home / "stammdaten.duckdb")) as db:
        db.execute("delete from sync.ledger")
    found = adopt(site.home, connector("plentific"), apply=True)
    assert {line.entity: line.by_external_id for line in found.counts} == {
        name: len(rows) for name, rows in PLENTIFIC.items()
    }
    site.sync("plentific", PLENTIFIC)
    assert writes(site) == before
