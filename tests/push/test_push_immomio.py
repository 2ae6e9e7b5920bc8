"""Immomio over real HTTP: upserts under our ids, pages from zero, an archive, two logins, vacancies in files."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from pipelines.api.connector import connector
from pipelines.errors import SettingsError
from pipelines.readback.adopt import adopt
from pipelines.readback.verify import repair, verify
from tests.api import ftp_server
from tests.push.openimmo_rules import broken_rules, schema_errors
from tests.push.shape_stock import FILED
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
OFFERED = ["001/1/01/0001", "001/1/01/0002", "001/1/01/G 3"]
VACANCIES: Rows = {
    "leerstaende": [
        {**FILED["objekte"][n], "external_id": id_, "freitexte": {"objekttitel": f"Wohnung {n}"}}
        for n, id_ in enumerate(OFFERED)
    ]
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
        "leerstaende": 0,
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


@pytest.mark.sampled
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
        "leerstaende": (0, 0),
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.sampled
@pytest.mark.parametrize("fault", ["cut_after_rate", "error_after_rate", "cut_during_rate", "error_rate"])
def test_an_upsert_whose_answer_is_lost_makes_no_second_record(site: Site, fault: str) -> None:
    site.sandbox.set_option("immomio", fault, "100")
    site.sandbox.set_option("immomio", "fault_on", "^PUT ")
    site.sandbox.set_option("immomio", "fault_limit", "2")
    assert sum(line.undelivered for line in site.sync("immomio", IMMOMIO).values()) == 0
    assert len(site.sandbox.records("immomio", "verwaltungseinheiten")) == 3


# ---- vacancies


def rents(site: Site) -> dict[str, Any]:
    return {
        record["externalId"]: record["baseRent"] for record in site.sandbox.records("immomio", "leerstaende")
    }


def imports(site: Site) -> list[str]:
    return [line for line in site.sent("immomio") if line.startswith("POST /erp/v1/imports")]


def raised(rows: Rows) -> Rows:
    """The same with another rent each."""
    found = copy.deepcopy(rows)
    for row in found["leerstaende"]:
        row["preise"]["nettokaltmiete"] += 100
    return found


def first(number: int) -> Rows:
    return {"leerstaende": VACANCIES["leerstaende"][:number]}


def test_vacancies_are_made_changed_and_removed_by_files(site: Site) -> None:
    lines = site.sync("immomio", VACANCIES)
    assert (lines["leerstaende"].created, lines["leerstaende"].undelivered) == (3, 0)
    assert imports(site) == ["POST /erp/v1/imports/openimmo 202"]
    [one] = [r for r in site.sandbox.records("immomio", "leerstaende") if r["externalId"] == OFFERED[2]]
    assert (one["title"], one["baseRent"], one["address"]["city"]) == ("Wohnung 2", 502.5, "Dresden")
    lines = site.sync("immomio", raised(first(2)))
    assert (lines["leerstaende"].updated, lines["leerstaende"].withdrawn) == (2, 1)
    assert rents(site) == {OFFERED[0]: 600.5, OFFERED[1]: 601.5}
    before = len(site.sent("immomio"))
    assert site.sync("immomio", raised(first(2)))["leerstaende"].unchanged == 2
    assert len(site.sent("immomio")) == before
    site.sync("immomio", raised(VACANCIES))
    assert rents(site)[OFFERED[2]] == 602.5


def test_a_vacancy_that_the_importer_refuses_costs_no_other(site: Site) -> None:
    rows = copy.deepcopy(VACANCIES)
    rows["leerstaende"][1]["preise"]["nettokaltmiete"] = 0.0
    lines = site.sync("immomio", rows)
    assert (lines["leerstaende"].created, lines["leerstaende"].rejected) == (2, 1)
    assert site.ledger("select external_id, reason from sync.ledger where state = 'rejected'") == [
        (OFFERED[1], "import_rejected")
    ]
    assert site.sync("immomio", VACANCIES)["leerstaende"].created == 1
    assert rents(site) == {OFFERED[0]: 500.5, OFFERED[1]: 501.5, OFFERED[2]: 502.5}


@pytest.mark.sampled
@pytest.mark.parametrize("end", ["failed", "no_id"])
def test_an_import_that_fails_goes_again_and_makes_nothing_twice(site: Site, end: str) -> None:
    site.sandbox.set_option("immomio", "import_end", end)
    assert site.sync("immomio", VACANCIES)["leerstaende"].pending == 3
    site.sandbox.set_option("immomio", "import_end", "done")
    assert site.sync("immomio", VACANCIES)["leerstaende"].undelivered == 0
    assert len(site.sandbox.records("immomio", "leerstaende")) == 3


def test_units_and_vacancies_are_read_back_as_far_as_immomio_shows_them(site: Site) -> None:
    rows = {**IMMOMIO, **VACANCIES}
    site.sync("immomio", rows)
    assert verify(site.home, connector("immomio")).findings == ()
    forget_ledger(site)
    found = {c.entity: c.by_external_id for c in adopt(site.home, connector("immomio"), apply=True).counts}
    assert found == {"wirtschaftseinheiten": 2, "verwaltungseinheiten": 3, "leerstaende": 0}
    assert site.sync("immomio", rows)["leerstaende"].undelivered == 0
    assert len(site.sandbox.records("immomio", "leerstaende")) == 3


@pytest.fixture
def inbox(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder behind the importer's FTP server, which the settings name."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    with ftp_server.serve(folder, ftp_server.certificate(tmp_path), "ftp") as server:
        for key, value in {
            "INTAKE": "ftp",
            "INTAKE_URL": server.url("/"),
            "INTAKE_USERNAME": ftp_server.USER,
            "INTAKE_PASSWORD": ftp_server.PASSWORD,
        }.items():
            monkeypatch.setenv(f"DESTINATION__IMMOMIO__{key}", value)
        yield folder


def test_by_ftp_a_zip_is_dropped_and_the_vacancies_stay_delivered(site: Site, inbox: Path) -> None:
    lines = site.sync("immomio", {**IMMOMIO, **VACANCIES})
    assert (lines["leerstaende"].delivered, lines["verwaltungseinheiten"].created) == (3, 3)
    [file] = inbox.iterdir()
    assert (file.suffix, ZipFile(file).namelist()) == (".zip", ["openimmo.xml"])
    document = ZipFile(file).read("openimmo.xml")
    assert broken_rules(document) == []
    assert schema_errors(document) in ([], None)
    assert document.count(b"<aktion />") == 3
    site.sync("immomio", {**IMMOMIO, **raised(first(1))})
    actions = b"".join(ZipFile(one).read("openimmo.xml") for one in inbox.iterdir() if one != file)
    assert (actions.count(b'"CHANGE"'), actions.count(b'"DELETE"')) == (1, 2)
    assert imports(site) == []


def test_a_refused_ftp_login_is_told_without_the_password(
    site: Site, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__IMMOMIO__INTAKE_PASSWORD", "wrong-one")
    site.sync("immomio", VACANCIES)
    assert "the login was refused" in site.stopped["immomio"]
    assert "wrong-one" not in site.stopped["immomio"]
    assert list(inbox.iterdir()) == []
