"""Immomio over real HTTP: upserts under our ids, pages from zero, an archive, and two ways to log in."""

import copy
import json
from typing import Any

import pytest

from pipelines.api.connector import connector
from pipelines.errors import SettingsError
from pipelines.readback.adopt import adopt
from pipelines.readback.verify import repair, verify
from tests.push.site import Rows, Site
from tests.push.somebody import does

ADDRESS = {"street": "Am Park", "houseNumber": "3b", "zipCode": "80331", "city": "München", "country": "DE"}
IMMOMIO: Rows = {
    "wirtschaftseinheiten": [
        {"external_id": f"001/{n}", "name": f"Am Park {n}", "clientNumber": "001", "address": ADDRESS}
        for n in (1, 2)
    ],
    "verwaltungseinheiten": [
        {
            "external_id": f"001/1/01/{n:04}",
            "wirtschaftseinheiten_external_id": "001/1",
            "buildingNumber": "01",
            "unitNumber": f"{n:04}",
            "type": "RESIDENTIAL",
            "address": ADDRESS,
            "floor": n,
            "baseRent": 500.5,
        }
        for n in range(1, 4)
    ],
}
WITHOUT_ONE: Rows = {**IMMOMIO, "verwaltungseinheiten": IMMOMIO["verwaltungseinheiten"][:2]}


def writes(site: Site, since: int = 0) -> list[str]:
    return [line for line in site.sent("immomio")[since:] if line.startswith(("PUT", "DELETE"))]


def records(site: Site, entity: str) -> dict[str, Any]:
    return {record["externalId"]: record for record in site.sandbox.records("immomio", entity)}


def forget_ledger(site: Site) -> None:
    site.ledger("delete from sync.ledger")


def test_everything_arrives_under_our_ids_parents_first_and_a_second_run_sends_nothing(site: Site) -> None:
    site.sandbox.set_option("immomio", "log_bodies", "yes")
    lines = site.sync("immomio", IMMOMIO)
    assert {name: line.created for name, line in lines.items()} == {
        "wirtschaftseinheiten": 2,
        "verwaltungseinheiten": 3,
    }
    sent = [r for r in site.sandbox.requests("immomio") if r.method == "PUT"]
    assert {r.path.split("/")[3] for r in sent[:2]} == {"economic-units"}
    [one] = [r for r in sent if r.path == "/erp/v1/units/by-external-id/001%2F1%2F01%2F0001"]
    assert json.loads(one.body or "") == {
        "externalId": "001/1/01/0001",
        "economicUnitExternalId": "001/1",
        "buildingNumber": "01",
        "unitNumber": "0001",
        "type": "RESIDENTIAL",
        "address": ADDRESS,
        "floor": 1,
        "baseRent": 500.5,
        "active": True,
    }
    before = site.sent("immomio")
    assert sum(line.unchanged for line in site.sync("immomio", IMMOMIO).values()) == 5
    assert site.sent("immomio") == before


def test_a_changed_field_goes_with_the_whole_record(site: Site) -> None:
    site.sync("immomio", IMMOMIO)
    before = len(site.sent("immomio"))
    rows = copy.deepcopy(IMMOMIO)
    rows["verwaltungseinheiten"][0]["baseRent"] = 510.0
    assert site.sync("immomio", rows)["verwaltungseinheiten"].updated == 1
    assert writes(site, before) == ["PUT /erp/v1/units/by-external-id/001%2F1%2F01%2F0001 200"]
    assert records(site, "verwaltungseinheiten")["001/1/01/0001"]["baseRent"] == 510.0


@pytest.mark.parametrize("archived", ["shown", "hidden"])
def test_what_leaves_is_archived_and_comes_back_active(site: Site, archived: str) -> None:
    site.sandbox.set_option("immomio", "archived", archived)
    site.sync("immomio", IMMOMIO)
    before = len(site.sent("immomio"))
    assert site.sync("immomio", WITHOUT_ONE)["verwaltungseinheiten"].withdrawn == 1
    assert writes(site, before) == ["DELETE /erp/v1/units/by-external-id/001%2F1%2F01%2F0003 204"]
    assert site.sandbox.deletions("immomio") == []
    gone = records(site, "verwaltungseinheiten")["001/1/01/0003"]
    assert (gone["active"], gone["unitNumber"]) == (False, "0003")
    assert verify(site.home, connector("immomio")).findings == ()
    assert sum(line.undelivered for line in site.sync("immomio", IMMOMIO).values()) == 0
    assert records(site, "verwaltungseinheiten")["001/1/01/0003"]["active"] is True


def test_what_is_there_is_adopted_over_all_pages_from_zero(site: Site) -> None:
    rows = copy.deepcopy(IMMOMIO)
    rows["verwaltungseinheiten"] = [
        {**IMMOMIO["verwaltungseinheiten"][0], "external_id": f"001/1/01/{n}", "unitNumber": str(n)}
        for n in range(101)
    ]
    site.sync("immomio", rows)
    forget_ledger(site)
    adoption = adopt(site.home, connector("immomio"), apply=True)
    assert {c.entity: (c.by_external_id, c.differing) for c in adoption.counts} == {
        "wirtschaftseinheiten": (2, 0),
        "verwaltungseinheiten": (101, 0),
    }
    asked = [r.query for r in site.sandbox.requests("immomio") if r.path == "/erp/v1/units"]
    assert asked == ["page=0&size=100", "page=1&size=100"]
    before = len(site.sent("immomio"))
    site.sync("immomio", rows)
    assert writes(site, before) == []


def test_an_archived_record_is_not_adopted_and_made_active_by_the_next_run(site: Site) -> None:
    site.sync("immomio", IMMOMIO)
    does("immomio", "delete", "/units/by-external-id/001%2F1%2F01%2F0002")
    forget_ledger(site)
    adoption = adopt(site.home, connector("immomio"), apply=True)
    assert {c.entity: c.by_external_id for c in adoption.counts}["verwaltungseinheiten"] == 2
    assert site.sync("immomio", IMMOMIO)["verwaltungseinheiten"].created == 1
    assert records(site, "verwaltungseinheiten")["001/1/01/0002"]["active"] is True


def test_what_somebody_archived_or_changed_is_found_and_mended(site: Site) -> None:
    site.sync("immomio", IMMOMIO)
    does("immomio", "delete", "/units/by-external-id/001%2F1%2F01%2F0002")
    other = {"externalId": "001/2", "name": "Anders", "clientNumber": "001", "address": ADDRESS}
    does("immomio", "put", "/economic-units/by-external-id/001%2F2", {**other, "active": True})
    made = connector("immomio")
    found = verify(site.home, made)
    assert sorted(f.kind for f in found.findings) == ["changed", "missing"]
    assert repair(site.home, made.contract, found.findings) == 2
    site.sync("immomio", IMMOMIO)
    assert verify(site.home, connector("immomio")).findings == ()


def test_a_refused_field_is_named_and_its_children_wait_for_the_parent(site: Site) -> None:
    site.sandbox.set_option("immomio", "reject_pattern", "Am Park 1")
    site.sandbox.set_option("immomio", "reject_field", "name")
    lines = site.sync("immomio", IMMOMIO)
    assert (lines["wirtschaftseinheiten"].rejected, lines["verwaltungseinheiten"].blocked) == (1, 3)
    assert site.ledger("select fields from sync.ledger where state = 'rejected'") == [("name",)]
    site.sandbox.set_option("immomio", "reject_pattern", "")
    rows = copy.deepcopy(IMMOMIO)
    rows["wirtschaftseinheiten"][0]["name"] = "Am Park eins"
    assert sum(line.undelivered for line in site.sync("immomio", rows).values()) == 0


@pytest.mark.parametrize("way", ["json", "basic", " BASIC "])
def test_the_api_user_logs_in_as_the_setting_says(
    site: Site, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    site.sandbox.set_option("immomio", "login", way.strip().lower())
    monkeypatch.setenv("DESTINATION__IMMOMIO__ANMELDUNG", way)
    assert sum(line.undelivered for line in site.sync("immomio", IMMOMIO).values()) == 0
    logins = [line for line in site.sent("immomio") if "/auth/login" in line]
    assert logins == ([] if "basic" in way.lower() else ["POST /erp/v1/auth/login 200"])


def test_a_login_that_is_not_open_stops_the_partner(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.sandbox.set_option("immomio", "login", "json")
    monkeypatch.setenv("DESTINATION__IMMOMIO__ANMELDUNG", "basic")
    site.sync("immomio", IMMOMIO)
    assert site.stopped == {"immomio": "the partner refused the login (401); check the credentials"}


def test_a_token_that_runs_out_in_the_middle_is_renewed(site: Site) -> None:
    site.sandbox.set_option("immomio", "token_requests", "2")
    assert sum(line.undelivered for line in site.sync("immomio", IMMOMIO).values()) == 0


def test_another_way_to_log_in_is_named_with_what_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESTINATION__IMMOMIO__ANMELDUNG", "digest")
    monkeypatch.setenv("DESTINATION__IMMOMIO__USERNAME", "x")
    monkeypatch.setenv("DESTINATION__IMMOMIO__PASSWORD", "x")
    with pytest.raises(
        SettingsError, match="DESTINATION__IMMOMIO__ANMELDUNG is 'digest'; allowed: json, basic"
    ):
        connector("immomio")


@pytest.mark.parametrize("fault", ["cut_after_rate", "error_after_rate", "cut_during_rate", "error_rate"])
def test_an_upsert_whose_answer_is_lost_makes_no_second_record(site: Site, fault: str) -> None:
    site.sandbox.set_option("immomio", fault, "100")
    site.sandbox.set_option("immomio", "fault_on", "^PUT ")
    site.sandbox.set_option("immomio", "fault_limit", "2")
    assert sum(line.undelivered for line in site.sync("immomio", IMMOMIO).values()) == 0
    assert len(site.sandbox.records("immomio", "verwaltungseinheiten")) == 3
