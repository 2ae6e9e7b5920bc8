"""`forget`, `status` and `explain` where a partner makes records itself and a state says what may be sent to one."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.commands.run import status_report
from pipelines.contract import contract
from pipelines.personal import fields
from pipelines.settings import Vars
from tests.push.persons import NUMBER, deliver, stage
from tests.push.site import TODAY, Rows, Site
from tests.push.told import explain, forget, preview

SETTINGS = Vars(
    stichtag=TODAY,
    quelle_erp="wodis_sigma",
    partners={"stated": {"aktiv": True, "separator": "-", "mandanten": "alle"}},
)
# What a contract says of the columns of marts stands in the YAML of the models.
MODELS = """
models:
  - name: stated__mietvertraege
    columns:
      - name: people
        config: {meta: {pii: true}}
"""
LEASE = f"1-1-1-{NUMBER}"
NAME = "Änne Erfunden"
STOCK: Rows = {
    "anlagen": [{"external_id": "1-1", "name": "Am Park 1"}],
    "tueren": [{"external_id": "1-1-1", "anlagen_external_id": "1-1", "name": "Tür 1"}],
    "mietvertraege": [
        {
            "external_id": LEASE,
            "anlagen_external_id": "1-1",
            "tueren_external_id": "1-1-1",
            "from": "2020-01-01",
            "until": None,
            "people": [NAME],
        }
    ],
}


def stock(**lease: Any) -> Rows:
    rows = copy.deepcopy(STOCK)
    rows["mietvertraege"][0] |= lease
    return rows


@pytest.fixture
def stated(shapes: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A home in which the person was delivered and built; the partner has no site yet."""
    folder = tmp_path / "project" / "models" / "partners" / "stated"
    folder.mkdir(parents=True)
    (folder / "_stated.yml").write_text(MODELS)
    monkeypatch.setattr(contract, "project_root", lambda: tmp_path / "project")
    cached = (fields._columns, fields.personal_fields, fields.nested_persons)
    for one in cached:
        one.cache_clear()
    shapes.close()  # erasing writes the file anew
    deliver(shapes.home, tmp_path / "erp")
    stage(shapes.home)
    yield shapes
    for one in cached:
        one.cache_clear()


@pytest.fixture
def leased(stated: Site) -> Site:
    """The site is made, so that the lease is there too."""
    stated.sandbox.make("stated", "anlagen", {"name": "Am Park 1"})
    stated.sync("stated", STOCK)
    return stated


def contracts(site: Site) -> list[Any]:
    return [(one["people"], one["until"]) for one in site.sandbox.records("stated", "mietvertraege")]


def writes(site: Site) -> list[str]:
    """Methods of what was sent to be written, without logins."""
    found = site.sandbox.requests("stated")
    return [r.method for r in found if r.method != "GET" and "token" not in r.path]


def status(site: Site) -> list[tuple[str, str, str | None, int]]:
    lines = status_report(site.home, SETTINGS).ledger
    return [(line.entity, line.state, line.reason, line.rows) for line in lines]


def verdict(site: Site, key: str) -> str:
    (said,) = explain(site.home, SETTINGS, "stated", key)["verdicts"]
    return str(said)


def mentions(site: Site) -> int:
    """Rows of the ledger that hold what was sent of the person."""
    return len(site.ledger(f"from sync.ledger where payload like '%{NAME}%'"))


# ---- what the partner makes itself


def test_status_and_explain_say_what_is_not_made_yet_and_what_waits_for_it(stated: Site) -> None:
    stated.sync("stated", STOCK)
    assert status(stated) == [
        ("anlagen", "blocked", "not_made_yet", 1),
        ("mietvertraege", "blocked", "parent_missing", 1),
        ("tueren", "blocked", "parent_missing", 1),
    ]
    said = verdict(stated, "1-1")
    assert said.startswith("anlagen 1-1: blocked, not_made_yet")
    assert "Have it made at the partner, by whom contract.yaml names (made_by)." in said
    assert verdict(stated, "1-1-1").startswith("tueren 1-1-1: blocked, parent_missing (anlagen 1-1)")
    assert writes(stated) == []


def test_once_it_is_made_status_and_explain_say_under_which_id_it_is_there(leased: Site) -> None:
    assert status(leased) == [(name, "synced", None, 1) for name in ("anlagen", "mietvertraege", "tueren")]
    [made] = leased.sandbox.records("stated", "anlagen")
    assert verdict(leased, "1-1").startswith(f"anlagen 1-1: at stated under the id {made['id']}, confirmed")


def test_forget_calls_nobody_for_a_record_that_waits_for_what_is_not_made(stated: Site) -> None:
    stated.sync("stated", STOCK)
    seen = preview(stated.home, SETTINGS, NUMBER)
    assert (seen["partners"], [one["entity"] for one in seen["records"]]) == ([], ["mietvertraege"])
    before = len(stated.sandbox.requests("stated"))
    report = forget(stated.home, SETTINGS, NUMBER)
    assert (report["still_there"], report["stopped"], report["letters"]) == ([], {}, [])
    assert len(stated.sandbox.requests("stated")) == before
    assert mentions(stated) == 0


# ---- what a state allows


def test_status_and_explain_name_what_the_state_of_a_record_forbids_and_mask_it(leased: Site) -> None:
    leased.sandbox.set_option("stated", "status", "active")
    leased.sync("stated", stock(people=["Ben Erfunden"], until="2027-01-31"))
    assert ("mietvertraege", "synced", "state_forbids", 1) in status(leased)
    report = explain(leased.home, SETTINGS, "stated", LEASE)
    [record] = report["records"]
    ledger = record["ledger"]
    assert (ledger["state"], ledger["reason"], ledger["fields"]) == ("synced", "state_forbids", "people")
    assert ledger["meaning"].startswith("The record's state at the partner does not allow the named fields")
    assert ledger["holds"]["until"] == "2027-01-31"
    assert ledger["holds"]["people"] == ["xxxx xxxxxxxx"]  # as it is there, not as it was to be
    assert NAME not in str(report)
    assert "Ben" not in str(report)


def test_status_and_explain_say_that_a_state_is_unknown_and_that_it_is_tried_again(leased: Site) -> None:
    leased.sandbox.set_option("stated", "shown_status", "suspended")
    leased.sync("stated", stock(people=["Ben Erfunden"]))
    assert ("mietvertraege", "pending", "state_unknown", 1) in status(leased)
    assert verdict(leased, LEASE).startswith(f"mietvertraege {LEASE}: pending, state_unknown")


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("state", "until", "sent"),
    [("planned", "2026-11-21", 1), ("active", "2026-11-21", 1), ("ended", None, 0)],
)
def test_forget_ends_what_it_may_and_says_that_the_person_is_still_named_there(
    leased: Site, state: str, until: str | None, sent: int
) -> None:
    leased.sandbox.set_option("stated", "status", state)
    before = len(writes(leased))
    report = forget(leased.home, SETTINGS, NUMBER)
    assert contracts(leased) == [([NAME], until)]
    assert len(writes(leased)) == before + sent
    assert [(one["entity"], one["state"]) for one in report["still_there"]] == [
        ("mietvertraege", "withdrawn")
    ]
    assert [one["partner"] for one in report["letters"]] == ["stated"]
    assert mentions(leased) == 0
    assert verdict(leased, LEASE).startswith("The person was forgotten on ")


def test_forget_deletes_a_planned_record_that_never_began(leased: Site) -> None:
    leased.sync("stated", stock(**{"from": "2030-01-01"}))
    report = forget(leased.home, SETTINGS, NUMBER)
    assert (contracts(leased), report["still_there"], report["letters"]) == ([], [], [])
    assert mentions(leased) == 0


def test_forget_says_of_a_record_in_an_unknown_state_that_it_is_still_there_and_ends_it_later(
    leased: Site,
) -> None:
    leased.sandbox.set_option("stated", "shown_status", "suspended")
    report = forget(leased.home, SETTINGS, NUMBER)
    assert [(one["entity"], one["state"]) for one in report["still_there"]] == [("mietvertraege", "pending")]
    assert contracts(leased) == [([NAME], None)]
    leased.sandbox.set_option("stated", "shown_status", "")
    report = forget(leased.home, SETTINGS, NUMBER)
    assert [(one["entity"], one["state"]) for one in report["still_there"]] == [
        ("mietvertraege", "withdrawn")
    ]
    assert contracts(leased) == [([NAME], "2026-11-21")]
