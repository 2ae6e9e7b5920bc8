"""casavi over real HTTP: PUT on ids of ours, whatever characters are in them, from the plan to the read-back."""

import copy
from typing import Any
from urllib.parse import unquote

import duckdb
import pytest

from pipelines.api.connector import connector
from pipelines.contract.contract import load_contract
from pipelines.ledger.ledger import open_database
from pipelines.push import push as engine
from pipelines.readback.adopt import AdoptionCounts, UnmanagedRecord, adopt
from pipelines.readback.verify import repair, verify
from pipelines.settings import Vars
from tests.push.marts import write_marts
from tests.push.site import TODAY, Rows, Site
from tests.push.somebody import does
from tests.push.told import forget

PEOPLE = {"77": "Ada", "P 78/ü": "Ben", "80": "Dora"}


def contract(id: str, unit: str, person: str, kind: str, end: str | None = None) -> dict[str, Any]:
    return {
        "external_id": id,
        "liegenschaften_external_id": "001|1",
        "einheiten_external_id": unit,
        "kontakte_external_id": person,
        "type": kind,
        "number": "01",
        "startDate": "2020-02-01",
        "endDate": end,
    }


# Ada rents one flat and owns the other, in which Ben lives.
CASAVI: Rows = {
    "liegenschaften": [{"external_id": "001|1", "name": "Am Park", "number": "1", "city": "Dresden"}],
    "einheiten": [
        {
            "external_id": f"001|1|01|000{n}",
            "liegenschaften_external_id": "001|1",
            "name": f"Wohnung {n}",
            "number": f"000{n}",
            "address": f"Parkstraße {n}",
        }
        for n in (1, 2)
    ],
    "kontakte": [
        {
            "external_id": person,
            "firstName": first,
            "lastName": "Muster",
            "companyName": None,
            "email": f"{first.lower()}@example.org",
        }
        for person, first in PEOPLE.items()
    ],
    "vertraege_mieter": [
        contract("001|1|01|0001|01|77", "001|1|01|0001", "77", "RENTER"),
        contract("001|1|01|0002|01|P 78/ü", "001|1|01|0002", "P 78/ü", "RENTER"),
    ],
    "vertraege_eigentuemer": [
        contract("001|1|01|0001|E01|80", "001|1|01|0001", "80", "OWNER"),
        contract("001|1|01|0002|E01|77", "001|1|01|0002", "77", "OWNER"),
    ],
}
WITHOUT_BEN: Rows = {
    **CASAVI,
    "einheiten": CASAVI["einheiten"][:1],
    "kontakte": [row for row in CASAVI["kontakte"] if row["firstName"] != "Ben"],
    "vertraege_mieter": CASAVI["vertraege_mieter"][:1],
    "vertraege_eigentuemer": CASAVI["vertraege_eigentuemer"][:1],
}


def writes(site: Site, since: int = 0) -> list[str]:
    return [line for line in site.sent("casavi")[since:] if line.startswith(("PUT", "DELETE"))]


def records(site: Site, entity: str) -> dict[str, Any]:
    return {record["id"]: record for record in site.sandbox.records("casavi", entity)}


def planned(site: Site) -> list[Any]:
    engine.plan(site.home, ["casavi"], TODAY)
    return site.ledger(
        "select entity, operation, external_id, list_sort(changed_fields) from sync.plan where sends order by seq"
    )


def adopted(site: Site) -> tuple[dict[str, AdoptionCounts], tuple[UnmanagedRecord, ...]]:
    found = adopt(site.home, connector("casavi"), apply=True)
    return {line.entity: line for line in found.counts}, tuple(found.strangers)


def test_everything_arrives_under_its_own_id_parents_first(site: Site) -> None:
    lines = site.sync("casavi", CASAVI)
    assert {name: line.created for name, line in lines.items()} == {
        n: len(rows) for n, rows in CASAVI.items()
    }
    assert sum(line.undelivered for line in lines.values()) == 0
    paths = [line.split(" ")[1] for line in writes(site)]
    assert "/v2/contracts/001%7C1%7C01%7C0002%7C01%7CP%2078%2F%C3%BC" in paths
    kinds = list(dict.fromkeys(path.split("/")[2] for path in paths))
    assert kinds.index("properties") < kinds.index("units") < kinds.index("contracts")
    assert kinds.index("contacts") < kinds.index("contracts")
    assert {name: sorted(records(site, name)) for name in CASAVI} == {
        name: sorted(row["external_id"] for row in rows) for name, rows in CASAVI.items()
    }
    assert site.ledger("select count(*) from sync.ledger where remote_id = external_id") == [(10,)]


def test_a_person_who_rents_and_owns_is_one_contact_with_both_contracts(site: Site) -> None:
    site.sync("casavi", CASAVI)
    shown = records(site, "kontakte")["77"]["contracts"]
    assert {(c["type"], c["unitId"]) for c in shown} == {
        ("RENTER", "001|1|01|0001"),
        ("OWNER", "001|1|01|0002"),
    }
    assert records(site, "liegenschaften")["001|1"]["addresses"] == [
        {"street": "Parkstraße 1", "units": ["001|1|01|0001"]},
        {"street": "Parkstraße 2", "units": ["001|1|01|0002"]},
    ]


@pytest.mark.slow
def test_a_second_run_sends_nothing(site: Site) -> None:
    site.sync("casavi", CASAVI)
    before = site.sent("casavi")
    lines = site.sync("casavi", CASAVI)
    assert site.sent("casavi") == before
    assert sum(line.unchanged for line in lines.values()) == 10


def test_a_changed_field_goes_with_the_whole_record_and_what_is_not_ours_stays(site: Site) -> None:
    site.sync("casavi", CASAVI)
    property_ = {"name": "Am Park", "note": "Schlüssel beim Hauswart"}
    does("casavi", "put", "/v2/properties/001%7C1", property_)
    site.sandbox.set_option("casavi", "log_bodies", "yes")
    before = len(site.sent("casavi"))
    rows = copy.deepcopy(CASAVI)
    rows["liegenschaften"][0]["city"] = None
    site.sync("casavi", rows)
    sent = [r for r in site.sandbox.requests("casavi")[before:] if r.method == "PUT"]
    assert [(unquote(r.path), r.body) for r in sent] == [
        ("/v2/properties/001|1", '{"name": "Am Park", "number": "1", "city": null}')
    ]
    shown = records(site, "liegenschaften")["001|1"]
    assert (shown["city"], shown["note"]) == (None, "Schlüssel beim Hauswart")


def test_what_leaves_ends_its_contracts_and_deletes_nothing(site: Site) -> None:
    site.sync("casavi", CASAVI)
    before = len(site.sent("casavi"))
    lines = site.sync("casavi", WITHOUT_BEN)
    assert {name: line.withdrawn for name, line in lines.items()} == {
        "liegenschaften": 0,
        "einheiten": 1,
        "kontakte": 1,
        "vertraege_mieter": 1,
        "vertraege_eigentuemer": 1,
    }
    assert sorted(unquote(line) for line in writes(site, before)) == [
        "PUT /v2/contracts/001|1|01|0002|01|P 78/ü 200",
        "PUT /v2/contracts/001|1|01|0002|E01|77 200",
    ]
    ended = records(site, "vertraege_mieter")["001|1|01|0002|01|P 78/ü"]
    assert (ended["startDate"], ended["endDate"], ended["number"]) == ("2020-02-01", "2026-11-21", "01")
    assert (ended["unitId"], ended["contactId"], ended["propertyId"]) == ("001|1|01|0002", "P 78/ü", "001|1")
    assert set(records(site, "einheiten")) == {"001|1|01|0001", "001|1|01|0002"}
    assert set(records(site, "kontakte")) == set(PEOPLE)


def test_a_contract_that_had_ended_before_it_left_sends_nothing(site: Site) -> None:
    rows = copy.deepcopy(CASAVI)
    rows["vertraege_mieter"][1]["endDate"] = "2026-11-20"
    site.sync("casavi", rows)
    before = len(site.sent("casavi"))
    site.sync("casavi", {**rows, "vertraege_mieter": rows["vertraege_mieter"][:1]})
    assert writes(site, before) == []


def test_what_returns_runs_again(site: Site) -> None:
    site.sync("casavi", CASAVI)
    site.sync("casavi", WITHOUT_BEN)
    lines = site.sync("casavi", CASAVI)
    assert sum(line.undelivered + line.created for line in lines.values()) == 0
    assert {c["endDate"] for c in records(site, "vertraege_mieter").values()} == {None}
    assert len(records(site, "kontakte")) == 3


def test_a_refused_contact_blocks_its_contracts_until_it_is_accepted(site: Site) -> None:
    rows = copy.deepcopy(CASAVI)
    rows["kontakte"][1]["lastName"] = None
    lines = site.sync("casavi", rows)
    assert (lines["kontakte"].rejected, lines["vertraege_mieter"].blocked) == (1, 1)
    assert (lines["vertraege_mieter"].created, lines["vertraege_eigentuemer"].created) == (1, 2)
    assert site.ledger("select external_id, reason, fields from sync.ledger where state = 'rejected'") == [
        ("P 78/ü", "missing_field", "lastName")
    ]
    healed = site.sync("casavi", CASAVI)
    assert sum(line.undelivered for line in healed.values()) == 0
    assert len(records(site, "vertraege_mieter")) == 2


def test_a_parent_that_somebody_deleted_is_named_whatever_the_record_was(site: Site) -> None:
    site.sync("casavi", {**CASAVI, "vertraege_eigentuemer": []})
    for path in ("contracts/001%7C1%7C01%7C0002%7C01%7CP%2078%2F%C3%BC", "units/001%7C1%7C01%7C0002"):
        does("casavi", "delete", f"/v2/{path}")
    rows = copy.deepcopy(CASAVI)
    rows["vertraege_mieter"][1]["number"] = "02"
    lines = site.sync("casavi", rows)
    assert (lines["vertraege_eigentuemer"].created, lines["vertraege_mieter"].updated) == (1, 0)
    refused = site.ledger(
        "select entity, reason, fields from sync.ledger where state <> 'synced' order by all"
    )
    assert refused == [
        ("vertraege_eigentuemer", "unknown_parent", "unitId"),
        ("vertraege_mieter", "unknown_parent", "unitId"),
    ]


@pytest.mark.slow
def test_a_lost_answer_is_asked_for_again_with_the_same_put(site: Site) -> None:
    site.sandbox.set_options(
        {"casavi.fault_on": "PUT /v2/contacts/77", "casavi.cut_after_rate": "100", "casavi.fault_limit": "1"}
    )
    lines = site.sync("casavi", CASAVI)
    assert sum(line.undelivered for line in lines.values()) == 0
    assert [line for line in writes(site) if "/contacts/77 " in line] == [
        "PUT /v2/contacts/77 0",
        "PUT /v2/contacts/77 200",
    ]
    assert len(records(site, "kontakte")) == 3


@pytest.mark.slow
def test_a_token_that_runs_out_on_the_way_is_renewed_once(site: Site) -> None:
    site.sandbox.set_option("casavi", "token_requests", "4")
    lines = site.sync("casavi", CASAVI)
    assert sum(line.undelivered for line in lines.values()) == 0
    logins = [line for line in site.sent("casavi") if "/authenticate" in line]
    assert 2 <= len(logins) <= 6


def test_what_was_imported_under_our_ids_is_adopted_and_what_has_none_is_left_alone(site: Site) -> None:
    site.sync("casavi", CASAVI)
    does("casavi", "put", "/v2/contacts/hand-1", {"lastName": "Fremd"})
    site.sandbox.tamper("casavi", "kontakte", seed=1, added=1)  # by hand, without a reference id
    does("casavi", "put", "/v2/properties/001%7C1", {"name": "Park (alt)"})
    with duckdb.connect(str(site.home / "stammdaten.duckdb")) as db:
        db.execute("delete from sync.ledger")
    found, strangers = adopted(site)
    assert {name: (c.by_external_id, c.to_create, c.strangers) for name, c in found.items()} == {
        "liegenschaften": (1, 0, 0),
        "einheiten": (2, 0, 0),
        "kontakte": (3, 0, 1),
        "vertraege_mieter": (2, 0, 0),
        "vertraege_eigentuemer": (2, 0, 0),
    }
    assert [(s.entity, s.remote_id) for s in strangers] == [("kontakte", "hand-1")]
    assert len(site.sandbox.records("casavi", "kontakte")) == 5
    assert planned(site) == [("liegenschaften", "update", "001|1", ["name"])]
    before = len(site.sent("casavi"))
    site.sync("casavi", CASAVI)
    assert writes(site, before) == ["PUT /v2/properties/001%7C1 200"]


def test_an_id_of_any_characters_goes_there_and_comes_back(site: Site) -> None:
    ids = ["001/0007", "WE 7 Süd", "a%2Fb", "x?y#z", "ü+&=;"]
    rows: Rows = {
        "liegenschaften": [{"external_id": id, "name": "Am Park"} for id in ids],
        "einheiten": [
            {"external_id": f"{id}|1", "liegenschaften_external_id": id, "name": "1"} for id in ids
        ],
    }
    site.sync("casavi", rows)
    shown = records(site, "einheiten")
    assert {id: unit["propertyId"] for id, unit in shown.items()} == {f"{id}|1": id for id in ids}
    assert verify(site.home, connector("casavi")).findings == ()
    with duckdb.connect(str(site.home / "stammdaten.duckdb")) as db:
        db.execute("delete from sync.ledger")
    found, _ = adopted(site)
    assert (found["liegenschaften"].by_external_id, found["einheiten"].by_external_id) == (5, 5)
    assert planned(site) == []


@pytest.mark.slow
def test_what_was_changed_or_deleted_there_is_found_and_mended(site: Site) -> None:
    site.sync("casavi", CASAVI)
    assert verify(site.home, connector("casavi")).findings == ()
    does("casavi", "put", "/v2/contacts/80", {"lastName": "Anders"})
    does("casavi", "delete", "/v2/contracts/001%7C1%7C01%7C0001%7CE01%7C80")
    seen = verify(site.home, connector("casavi")).findings
    assert {(f.kind, f.entity, f.external_id, tuple(c.name for c in f.changes)) for f in seen} == {
        ("changed", "kontakte", "80", ("lastName",)),
        ("missing", "vertraege_eigentuemer", "001|1|01|0001|E01|80", ()),
    }
    repair(site.home, load_contract("casavi"), seen)
    with open_database(site.home) as db:
        write_marts(db, "casavi", CASAVI)
    site.sync("casavi", CASAVI)
    assert verify(site.home, connector("casavi")).findings == ()
    assert records(site, "kontakte")["80"]["lastName"] == "Muster"


@pytest.mark.slow
def test_neither_key_nor_token_stands_in_the_journal_or_the_database(site: Site) -> None:
    site.sync("casavi", CASAVI)
    held = b"".join(path.read_bytes() for path in site.home.rglob("*") if path.is_file())
    assert b"sandbox-casavi" not in held
    assert b"eyJ" not in held


def test_forgetting_a_tenant_sends_the_whole_contract_without_reading_it_first(site: Site) -> None:
    site.sync("casavi", CASAVI)
    before = len(site.sent("casavi"))
    settings = Vars(
        stichtag=TODAY,
        quelle_erp="wodis_sigma",
        partners={"casavi": {"aktiv": True, "separator": "|", "mandanten": "alle"}},
    )
    site.close()
    assert forget(site.home, settings, "P 78/ü")["exit"] == 0
    assert [unquote(line) for line in site.sent("casavi")[before:] if "/v2/authenticate" not in line] == [
        "PUT /v2/contracts/001|1|01|0002|01|P 78/ü 200"
    ]
    ended = records(site, "vertraege_mieter")["001|1|01|0002|01|P 78/ü"]
    assert (ended["startDate"], ended["endDate"], ended["number"]) == ("2020-02-01", "2026-11-21", "01")
    assert (ended["unitId"], ended["contactId"]) == ("001|1|01|0002", "P 78/ü")
