"""QUIS over real HTTP: a key in the query, lists read once, groups within groups, addresses that are refused."""

import copy
import logging
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest

from pipelines.api.connector import connector
from pipelines.contract.contract import load_contract
from pipelines.ledger.ledger import open_database
from pipelines.push import push as engine
from pipelines.readback.adopt import AdoptionCounts, adopt
from pipelines.readback.verify import repair, verify
from tests.push.marts import write_marts
from tests.push.site import TODAY, Rows, Site
from tests.push.somebody import does

GROUPS = "/api/v2/property_groups"
KEY = "sandbox-quis"


def house(id: str, parent: str | None, number: int) -> dict[str, Any]:
    return {
        "external_id": id,
        "objektgruppen_external_id": parent,
        "customId": id,
        "location": {"address": {"unstructured": f"Parkstr. {number}, 01067 Dresden"}},
    }


# Two WE with three houses, and a house of an ERP that has no WE.
QUIS: Rows = {
    "objektgruppen": [{"external_id": f"001/{n}", "customId": f"001/{n}"} for n in (1, 2)],
    "exposes": [
        house("001/1/01", "001/1", 1),
        house("001/1/02", "001/1", 2),
        house("001/2/01", "001/2", 3),
        house("002/77", None, 4),
    ],
}
# The same houses under the other setting.
AS_PROPERTIES: Rows = {
    "objektgruppen": QUIS["objektgruppen"],
    "exposes_als_property": [
        {
            **QUIS["exposes"][0],
            "propertyType": {"type": "house", "subtype": "house_row"},
            "buildingYear": 1931,
            "equipments": ["lift", "kitchen"],
        }
    ],
}


def changed(place: int, **more: Any) -> Rows:
    rows = copy.deepcopy(QUIS)
    rows["exposes"][place] |= more
    return rows


def records(site: Site, *entities: str) -> dict[str, Any]:
    names = entities or ("objektgruppen", "exposes")
    return {r["externalId"]: r for name in names for r in site.sandbox.records("quis", name)}


def written(site: Site, since: int = 0) -> list[str]:
    return [line for line in site.sent("quis")[since:] if not line.startswith("GET")]


def lists(site: Site, since: int = 0) -> list[str]:
    return [r.query for r in site.sandbox.requests("quis")[since:] if r.method == "GET"]


def planned(site: Site) -> list[Any]:
    engine.plan(site.home, ["quis"], TODAY)
    return site.ledger(
        "select entity, operation, external_id, list_sort(changed_fields) from sync.plan where sends order by seq"
    )


def forget(site: Site) -> None:
    with duckdb.connect(str(site.home / "stammdaten.duckdb")) as db:
        db.execute("delete from sync.ledger")


def adopted(site: Site) -> dict[str, AdoptionCounts]:
    return {line.entity: line for line in adopt(site.home, connector("quis"), apply=True).counts}


def test_groups_go_first_and_houses_below_them(site: Site) -> None:
    lines = site.sync("quis", QUIS)
    assert {name: line.created for name, line in lines.items()} == {
        "objektgruppen": 2,
        "exposes": 4,
        "exposes_als_property": 0,
    }
    assert sum(line.undelivered for line in lines.values()) == 0
    shown = records(site)
    assert shown["001/1"]["parentId"] is None
    assert (shown["001/1"]["totalPropertyGroups"], shown["001/2"]["totalPropertyGroups"]) == (2, 1)
    below = shown["001/1/02"]
    assert (below["parentId"], below["customId"]) == (shown["001/1"]["id"], "001/1/02")
    assert below["location"]["address"] == {"unstructured": "Parkstr. 2, 01067 Dresden"}
    assert shown["002/77"]["parentId"] is None
    assert written(site) == [f"POST {GROUPS} 200"] * 6
    # Read once for the WE, once for houses that have none; nothing lies below a group that is new.
    assert lists(site) == ["limit=100&offset=0"] * 2


def test_a_new_house_costs_one_list_of_its_group_and_one_create(site: Site) -> None:
    site.sync("quis", QUIS)
    before = len(site.sent("quis"))
    rows = copy.deepcopy(QUIS)
    rows["exposes"].append(house("001/1/03", "001/1", 5))
    rows["exposes"].append(house("001/1/04", "001/1", 6))
    assert site.sync("quis", rows)["exposes"].created == 2
    parent = records(site)["001/1"]["id"]
    (asked,) = lists(site, before)
    assert sorted(asked.split("&")) == ["limit=100", "offset=0", f"parentId={parent}"]
    assert written(site, before) == [f"POST {GROUPS} 200"] * 2


def test_a_second_run_sends_nothing_and_one_changed_field_is_one_patch(site: Site) -> None:
    site.sync("quis", QUIS)
    site.sandbox.set_option("quis", "log_bodies", "yes")
    before = len(site.sent("quis"))
    lines = site.sync("quis", QUIS)
    assert (lines["objektgruppen"].unchanged, lines["exposes"].unchanged) == (2, 4)
    assert len(site.sent("quis")) == before
    site.sync("quis", changed(1, location=None))
    (request,) = site.sandbox.requests("quis")[before:]
    assert (request.method, request.path, request.body) == (
        "PATCH",
        f"{GROUPS}/{records(site)['001/1/02']['id']}",
        '{"location": null}',
    )
    assert records(site)["001/1/02"]["location"] is None


def test_a_house_that_leaves_stays_at_the_partner_and_one_that_moves_gets_its_new_parent(site: Site) -> None:
    site.sync("quis", QUIS)
    before = len(site.sent("quis"))
    rows = changed(1, objektgruppen_external_id="001/2")
    line = site.sync("quis", {**rows, "exposes": rows["exposes"][1:]})["exposes"]
    shown = records(site)
    assert (line.withdrawn, line.updated) == (1, 1)
    assert written(site, before) == [f"PATCH {GROUPS}/{shown['001/1/02']['id']} 200"]
    assert shown["001/1/01"]["parentId"] == shown["001/1"]["id"]
    assert shown["001/1/02"]["parentId"] == shown["001/2"]["id"]


def test_an_address_that_cannot_be_found_is_refused_for_this_row_alone(site: Site) -> None:
    site.sandbox.set_option("quis", "unknown_address", "Parkstr. 2")
    line = site.sync("quis", QUIS)["exposes"]
    assert (line.created, line.rejected) == (3, 1)
    assert site.ledger("select external_id, reason, fields from sync.ledger where state = 'rejected'") == [
        ("001/1/02", "invalid_field", "location")
    ]
    healed = site.sync("quis", changed(1, location={"address": {"unstructured": "Am Park 2, 01067 Dresden"}}))
    assert (healed["exposes"].created, healed["exposes"].undelivered) == (1, 0)


def test_a_refused_group_blocks_its_houses_until_it_is_accepted(site: Site) -> None:
    site.sandbox.set_options({"quis.reject_pattern": "^001/1$"})
    lines = site.sync("quis", QUIS)
    assert (lines["objektgruppen"].rejected, lines["exposes"].blocked, lines["exposes"].created) == (1, 2, 2)
    site.sandbox.set_option("quis", "reject_pattern", "")
    lines = site.sync("quis", QUIS)
    assert (lines["objektgruppen"].created, lines["exposes"].created) == (1, 2)


@pytest.mark.slow
def test_what_the_ledger_has_forgotten_is_not_made_twice(site: Site) -> None:
    site.sync("quis", QUIS)
    ids = {key: record["id"] for key, record in records(site).items()}
    forget(site)
    lines = site.sync("quis", QUIS)
    assert sum(line.undelivered for line in lines.values()) == 0
    assert {key: record["id"] for key, record in records(site).items()} == ids
    assert len(site.sandbox.records("quis", "objektgruppen") + site.sandbox.records("quis", "exposes")) == 6


def test_a_record_whose_number_only_contains_ours_is_not_ours(site: Site) -> None:
    does("quis", "post", "/property_groups", {"externalId": "001/11", "customId": "001/1"})
    lines = site.sync("quis", QUIS)
    assert (lines["objektgruppen"].created, lines["objektgruppen"].undelivered) == (2, 0)


def test_two_groups_under_our_id_are_left_alone(site: Site) -> None:
    for _ in range(2):
        does("quis", "post", "/property_groups", {"externalId": "001/2"})
    lines = site.sync("quis", QUIS)
    assert (lines["objektgruppen"].rejected, lines["exposes"].blocked) == (1, 1)
    assert site.ledger("select external_id, reason from sync.ledger where state = 'rejected'") == [
        ("001/2", "ambiguous")
    ]


@pytest.mark.slow
def test_a_lost_answer_to_a_create_makes_one_group(site: Site) -> None:
    site.sandbox.set_options(
        {"quis.fault_on": f"POST {GROUPS}$", "quis.cut_after_rate": "100", "quis.fault_limit": "2"}
    )
    lines = site.sync("quis", QUIS)
    assert sum(line.undelivered for line in lines.values()) == 0
    assert len(site.sandbox.records("quis", "objektgruppen") + site.sandbox.records("quis", "exposes")) == 6


def test_at_the_end_of_the_days_requests_the_rest_waits_for_another_run(site: Site) -> None:
    site.sandbox.set_option("quis", "day_starts", str((datetime.now(UTC).hour + 12) % 24))
    site.sandbox.set_option("quis", "per_day", "4")
    lines = site.sync("quis", QUIS)
    assert sum(line.created for line in lines.values()) < 6
    assert "hours" in site.stopped["quis"]
    site.sandbox.set_option("quis", "per_day", "0")
    lines = site.sync("quis", QUIS)
    assert sum(line.undelivered for line in lines.values()) == 0
    assert len(records(site)) == 6


def test_groups_made_by_hand_are_adopted_by_the_number_that_people_know(site: Site) -> None:
    site.sync("quis", QUIS)
    shown = records(site)
    for key in ("001/1", "001/1/01"):
        does("quis", "patch", f"/property_groups/{shown[key]['id']}", {"externalId": None})
    forget(site)
    found = adopted(site)
    assert {name: (c.by_external_id, c.by_natural_key, c.to_create) for name, c in found.items()} == {
        "objektgruppen": (1, 1, 0),
        "exposes": (3, 1, 0),
        "exposes_als_property": (0, 0, 0),
    }
    lines = site.sync("quis", QUIS)
    assert sum(line.created + line.undelivered for line in lines.values()) == 0
    assert {key: record["id"] for key, record in records(site).items()} == {
        key: record["id"] for key, record in shown.items()
    }
    assert planned(site) == []


@pytest.mark.slow
def test_what_was_changed_or_deleted_there_is_found_and_mended(site: Site) -> None:
    site.sync("quis", QUIS)
    assert verify(site.home, connector("quis")).findings == ()
    shown = records(site)
    does("quis", "patch", f"/property_groups/{shown['002/77']['id']}", {"customId": "alt"})
    does("quis", "delete", f"/property_groups/{shown['001/2/01']['id']}")
    seen = verify(site.home, connector("quis")).findings
    assert {(f.kind, f.entity, f.external_id, tuple(c.name for c in f.changes)) for f in seen} == {
        ("changed", "exposes", "002/77", ("customId",)),
        ("missing", "exposes", "001/2/01", ()),
    }
    repair(site.home, load_contract("quis"), seen)
    with open_database(site.home) as db:
        write_marts(db, "quis", QUIS)
    site.sync("quis", QUIS)
    assert verify(site.home, connector("quis")).findings == ()


def test_another_setting_makes_properties_and_leaves_the_groups(site: Site) -> None:
    site.sync("quis", {**QUIS, "exposes": QUIS["exposes"][:1]})
    lines = site.sync("quis", AS_PROPERTIES)
    assert (lines["exposes"].withdrawn, lines["exposes_als_property"].created) == (1, 1)
    (made,) = site.sandbox.records("quis", "exposes_als_property")
    shown = records(site)
    assert (made["externalId"], made["parentId"]) == ("001/1/01", shown["001/1"]["id"])
    assert (made["propertyType"], made["equipments"]) == (
        {"type": "house", "subtype": "house_row"},
        ["lift", "kitchen"],
    )
    assert "001/1/01" in shown
    assert planned(site) == []


@pytest.mark.slow
def test_the_key_stands_in_no_log_no_ledger_and_no_message(
    site: Site,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr("pipelines.api.http.retry.FIRST_PAUSE", 0.0)
    site.sandbox.set_option("quis", "unknown_address", "Parkstr. 2")
    site.sync("quis", QUIS)
    with site.sandbox.unreachable():
        site.sync("quis", changed(0, customId="neu"))
    said = capfd.readouterr()
    held = b"".join(path.read_bytes() for path in site.home.rglob("*") if path.is_file())
    assert len(written(site)) >= 6
    # uvicorn is the server of this test and notes what it is asked.
    logged = "\n".join(r.getMessage() for r in caplog.records if not r.name.startswith("uvicorn"))
    for place in (logged, said.out, said.err, str(site.stopped), str(site.sandbox.requests("quis"))):
        assert KEY not in place
    assert KEY.encode() not in held
