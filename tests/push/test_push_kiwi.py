"""KIWI over real HTTP: onboarding, a second run, changes, leases that end, a login that is refused."""

import copy

import duckdb
import pytest

from pipelines.api.connector import connector
from pipelines.readback.adopt import adopt
from tests.push.site import Site
from tests.push.stock import KIWI


def writes(site: Site, since: int = 0) -> list[str]:
    lines = [line for line in site.sent("kiwi")[since:] if not line.startswith("GET")]
    return [line for line in lines if "/session" not in line]


def test_everything_arrives_once_and_what_a_lease_needs_before_it(site: Site) -> None:
    lines = site.sync("kiwi", KIWI)
    assert {name: line.created for name, line in lines.items()} == {n: len(rows) for n, rows in KIWI.items()}
    assert [line.split(" ")[1] for line in writes(site)][-1] == "/v1/leases"
    [lease] = site.sandbox.records("kiwi", "mietvertraege")
    [tenant] = site.sandbox.records("kiwi", "mieter")
    assert (lease["external_id"], tenant["external_id"]) == ("001/1/01/0001/01/77", "77")


@pytest.mark.slow
def test_a_second_run_sends_nothing(site: Site) -> None:
    site.sync("kiwi", KIWI)
    before = site.sent("kiwi")
    lines = site.sync("kiwi", KIWI)
    assert site.sent("kiwi") == before
    assert sum(line.unchanged for line in lines.values()) == 4


def test_a_changed_field_goes_alone_to_its_record(site: Site) -> None:
    site.sandbox.set_option("kiwi", "log_bodies", "yes")
    site.sync("kiwi", KIWI)
    rows = copy.deepcopy(KIWI)
    rows["mieter"][0]["email"] = "ada.muster@example.org"
    before = len(site.sent("kiwi"))
    site.sync("kiwi", rows)
    sent = [r for r in site.sandbox.requests("kiwi")[before:] if r.method == "PATCH"]
    assert [r.body for r in sent] == ['{"email": "ada.muster@example.org"}']


def test_a_lease_that_leaves_ends_and_tenant_and_flat_stay(site: Site) -> None:
    site.sync("kiwi", KIWI)
    lines = site.sync("kiwi", {**KIWI, "mietvertraege": [], "mieter": []})
    assert (lines["mietvertraege"].withdrawn, lines["mieter"].withdrawn) == (1, 1)
    assert [lease["ends_at"] for lease in site.sandbox.records("kiwi", "mietvertraege")] == ["2026-11-21"]
    assert len(site.sandbox.records("kiwi", "mieter")) == 1
    assert site.sandbox.deletions("kiwi") == []


def test_what_is_there_is_adopted_by_our_ids_and_nothing_is_written(site: Site) -> None:
    site.sync("kiwi", KIWI)
    before = writes(site)
    with duckdb.connect(str(site.home / "stammdaten.duckdb")) as db:
        db.execute("delete from sync.ledger")
    found = adopt(site.home, connector("kiwi"), apply=True)
    assert {line.entity: line.by_external_id for line in found.counts} == {
        name: len(rows) for name, rows in KIWI.items()
    }
    site.sync("kiwi", KIWI)
    assert writes(site) == before


def test_a_refused_login_stops_the_partner_with_one_message(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__KIWI__PASSWORD", "wrong")
    lines = site.sync("kiwi", KIWI)
    assert site.stopped == {"kiwi": "the login answered 401; check the credentials and the address"}
    assert sum(line.pending for line in lines.values()) == 4
    assert len(site.sent("kiwi")) == 1
