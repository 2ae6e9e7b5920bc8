"""Adoption of what partners hold already, over real HTTP, with marts made by hand."""

import copy
from typing import Any

import duckdb
import pytest

from pipelines.api.connector import connector
from pipelines.errors import StammdatenError
from pipelines.ledger.ledger import open_database
from pipelines.push import push as engine
from pipelines.readback.adopt import Adoption, AdoptionCounts, Ambiguous, UnmanagedRecord, adopt
from tests.push.marts import write_marts
from tests.push.site import TODAY, Rows, Site
from tests.push.somebody import does
from tests.push.stock import ADDRESS, FACILIOO, HOUSE, KIWI, PLENTIFIC

LEDGER = (
    "select entity, external_id, remote_id, state, payload, refs, payload_hash from sync.ledger order by all"
)


def forget(site: Site) -> None:
    """Deletes the ledger: we believe that the partners are empty."""
    with duckdb.connect(str(site.home / "stammdaten.duckdb")) as db:
        db.execute("delete from sync.ledger")


def adopted(site: Site, partner: str, apply: bool = True) -> Adoption:
    return adopt(site.home, connector(partner), apply)


def counts(found: Adoption) -> dict[str, AdoptionCounts]:
    return {line.entity: line for line in found.counts}


def planned(site: Site, partner: str) -> list[Any]:
    engine.plan(site.home, [partner], TODAY)
    return site.ledger(
        "select entity, operation, external_id, list_sort(changed_fields) from sync.plan where sends order by seq"
    )


def written(site: Site, partner: str) -> list[str]:
    return [line for line in site.sent(partner) if not line.startswith("GET")]


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("partner", "rows"),
    [("etg24", HOUSE), ("facilioo", FACILIOO), ("plentific", PLENTIFIC), ("kiwi", KIWI)],
)
def test_a_partner_whose_ledger_was_lost_is_taken_up_whole(site: Site, partner: str, rows: Rows) -> None:
    site.sync(partner, rows)
    before = site.ledger(LEDGER)
    forget(site)
    found = adopted(site, partner)
    assert {c.entity: c.in_mart for c in found.counts if c.in_mart} == {n: len(r) for n, r in rows.items()}
    assert sum(c.to_create + c.ambiguous + c.strangers + c.differing for c in found.counts) == 0
    assert site.ledger(LEDGER) == before
    assert planned(site, partner) == []


def test_without_external_ids_records_are_found_by_their_natural_keys(site: Site) -> None:
    site.sandbox.set_option("etg24", "external_ids", "documented")
    site.sync("etg24", HOUSE)
    before = site.ledger(LEDGER)
    forget(site)
    found = counts(adopted(site, "etg24"))
    assert {name: (c.by_external_id, c.by_natural_key) for name, c in found.items()} == {
        "objektgruppen": (0, 1),
        "objekte": (2, 0),
        "objekt_adressen": (0, 2),
        "einheiten": (0, 3),
        "mietvertraege": (2, 0),
        "eigentuemervertraege": (1, 0),
        "mieter": (0, 3),
        "eigentuemer": (0, 1),
    }
    assert site.ledger(LEDGER) == before
    assert planned(site, "etg24") == []


def test_a_look_at_it_changes_neither_ledger_nor_partner(site: Site) -> None:
    site.sync("etg24", HOUSE)
    forget(site)
    before = written(site, "etg24")
    found = adopted(site, "etg24", apply=False)
    assert (found.applied, counts(found)["mieter"].by_external_id) == (False, 3)
    assert site.ledger("select count(*) from sync.ledger") == [(0,)]
    assert written(site, "etg24") == before
    assert not (site.home / "read_back").exists()


def test_what_differs_is_planned_field_by_field(site: Site) -> None:
    site.sync("etg24", HOUSE)
    forget(site)
    rows = copy.deepcopy(HOUSE)
    rows["einheiten"][1]["area"] = 71.25
    rows["objekt_adressen"][0]["address"] = {**ADDRESS, "city": "Radebeul"}
    rows["einheiten"][0]["objekte_external_id"] = "001/1/02"
    rows["einheiten"][0]["number"] = "0009"
    with open_database(site.home) as db:
        write_marts(db, "etg24", rows)
    found = counts(adopted(site, "etg24"))
    assert {name: c.differing for name, c in found.items() if c.differing} == {
        "objekt_adressen": 1,
        "einheiten": 2,
    }
    assert planned(site, "etg24") == [
        ("objekt_adressen", "update", "001/1/01", ["address"]),
        ("einheiten", "update", "001/1/01/0001", ["number", "objectId"]),
        ("einheiten", "update", "001/1/01/0002", ["area"]),
    ]


def test_a_record_without_our_id_gets_it_with_the_next_push(site: Site) -> None:
    site.sync("etg24", HOUSE)
    (unit,) = [u for u in site.sandbox.records("etg24", "einheiten") if u["extId"] == "001/1/01/0002"]
    does("etg24", "patch", f"/units/{unit['id']}", {"extId": None})
    forget(site)
    assert counts(adopted(site, "etg24"))["einheiten"].by_natural_key == 1
    assert [row[:3] for row in planned(site, "etg24")] == [("einheiten", "update", "001/1/01/0002")]
    before = len(written(site, "etg24"))
    site.sync("etg24", HOUSE)
    assert written(site, "etg24")[before:] == [f"PATCH /v1/units/{unit['id']} 200"]
    ids = {u["id"]: u["extId"] for u in site.sandbox.records("etg24", "einheiten")}
    assert ids[unit["id"]] == "001/1/01/0002"
    assert len(ids) == 3
    assert planned(site, "etg24") == []


def test_a_record_that_carries_another_id_of_ours_is_no_candidate(site: Site) -> None:
    rows = {name: HOUSE[name] for name in ("objektgruppen", "objekte")}
    site.sync("etg24", {**rows, "einheiten": [HOUSE["einheiten"][0]]})
    forget(site)
    # The ERP now has the number of the old record on a new one, and the old one under another number.
    old, new = HOUSE["einheiten"][0], HOUSE["einheiten"][1]
    with open_database(site.home) as db:
        units = [{**old, "number": "0007"}, {**new, "number": "0001"}]
        write_marts(db, "etg24", {**rows, "einheiten": units})
    found = counts(adopted(site, "etg24"))["einheiten"]
    assert (found.by_external_id, found.by_natural_key, found.to_create) == (1, 0, 1)


def test_a_record_that_carries_an_id_of_former_times_is_taken_over(site: Site) -> None:
    site.sync("etg24", {name: HOUSE[name] for name in ("objektgruppen", "objekte", "einheiten")})
    (unit,) = [u for u in site.sandbox.records("etg24", "einheiten") if u["extId"] == "001/1/01/0002"]
    does("etg24", "patch", f"/units/{unit['id']}", {"extId": "ALT-17"})
    forget(site)
    assert counts(adopted(site, "etg24"))["einheiten"].by_natural_key == 1
    site.sync("etg24", {name: HOUSE[name] for name in ("objektgruppen", "objekte", "einheiten")})
    units = site.sandbox.records("etg24", "einheiten")
    assert sorted(u["extId"] for u in units) == ["001/1/01/0001", "001/1/01/0002", "001/1/02/0001"]


def test_what_fits_several_records_is_shown_and_neither_touched_nor_created(site: Site) -> None:
    site.sandbox.set_option("etg24", "external_ids", "documented")
    site.sync("etg24", HOUSE)
    (ada,) = [t for t in site.sandbox.records("etg24", "mieter") if t["firstName"] == "Ada"]
    twin = does(
        "etg24",
        "post",
        f"/contracts/{ada['contractId']}/participants",
        {name: ada[name] for name in ("firstName", "lastName", "emailAddress")},
    )
    forget(site)
    found = adopted(site, "etg24")
    assert counts(found)["mieter"] == AdoptionCounts(
        "mieter", in_mart=3, by_natural_key=2, ambiguous=1, to_create=0, strangers=0
    )
    assert found.ambiguous == tuple(
        Ambiguous("mieter", "001/1/01/0001/01/77", i) for i in sorted((ada["id"], twin["id"]))
    )
    before = written(site, "etg24")
    lines = site.sync("etg24", HOUSE)
    assert (lines["mieter"].rejected, lines["mieter"].created) == (1, 0)
    assert site.ledger("select external_id, reason from sync.ledger where state = 'rejected'") == [
        ("001/1/01/0001/01/77", "ambiguous")
    ]
    assert written(site, "etg24") == before
    does("etg24", "delete", f"/participants/{twin['id']}")
    assert counts(adopted(site, "etg24"))["mieter"].by_natural_key == 1
    assert planned(site, "etg24") == []
    assert len(site.sandbox.records("etg24", "mieter")) == 3


def test_what_is_no_longer_there_after_it_was_ambiguous_is_created(site: Site) -> None:
    site.sandbox.set_option("etg24", "external_ids", "documented")
    site.sync("etg24", HOUSE)
    (cem,) = [t for t in site.sandbox.records("etg24", "mieter") if t["firstName"] == "Cem"]
    fields = {name: cem[name] for name in ("firstName", "lastName", "emailAddress")}
    twin = does("etg24", "post", f"/contracts/{cem['contractId']}/participants", fields)
    forget(site)
    adopted(site, "etg24")
    for one in (cem, twin):
        does("etg24", "delete", f"/participants/{one['id']}")
    assert counts(adopted(site, "etg24"))["mieter"].to_create == 1
    assert planned(site, "etg24") == [("mieter", "create", "001/1/01/0002/01/79", None)]


def test_strangers_are_shown_and_stay_as_they_are(site: Site) -> None:
    site.sync("etg24", HOUSE)
    forget(site)
    group = does("etg24", "post", "/object-groups", {"title": "Fremd"})
    house = does(
        "etg24", "post", "/objects", {"title": "Fremd 1", "extId": "X-1", "objectGroupId": group["id"]}
    )
    found = adopted(site, "etg24")
    assert found.strangers == (
        UnmanagedRecord("objekte", house["id"], ("X-1",)),
        UnmanagedRecord("objektgruppen", group["id"], ()),
    )
    site.sync("etg24", HOUSE)
    records = site.sandbox.records("etg24", "objekte")
    assert [r for r in records if r["id"] == house["id"]] == [house]
    assert len(records) == 3


def test_a_party_is_found_by_any_id_in_its_list_and_keeps_the_others(site: Site) -> None:
    site.sync("facilioo", FACILIOO)
    (party,) = site.sandbox.records("facilioo", "parteien_mieter")
    does("facilioo", "put", f"/api/parties/{party['id']}/external-ids", ["andere-1", "77"])
    forget(site)
    found = counts(adopted(site, "facilioo"))
    assert (found["parteien_mieter"].by_external_id, found["kontaktdaten"].by_natural_key) == (1, 1)
    site.sync("facilioo", FACILIOO)
    ids = does("facilioo", "get", f"/api/parties/{party['id']}/external-ids")
    assert ids["items"] == ["77", "andere-1"]


def test_an_entrance_is_found_through_its_building(site: Site) -> None:
    site.sync("facilioo", FACILIOO)
    (entrance,) = site.sandbox.records("facilioo", "eingaenge")
    does("facilioo", "patch", f"/api/entrances/{entrance['id']}", {"externalId": None})
    forget(site)
    assert counts(adopted(site, "facilioo"))["eingaenge"].by_natural_key == 1
    assert [row[:3] for row in planned(site, "facilioo")] == [("eingaenge", "update", "001/1/01")]


def test_only_what_is_not_there_is_created_and_below_it_everything(site: Site) -> None:
    part = {name: HOUSE[name] for name in ("objektgruppen", "objekte", "objekt_adressen")}
    site.sync("etg24", {**part, "einheiten": HOUSE["einheiten"][:1]})
    forget(site)
    with open_database(site.home) as db:
        write_marts(db, "etg24", HOUSE)
    adopted(site, "etg24")
    lines = site.sync("etg24", HOUSE)
    assert {name: line.created for name, line in lines.items() if line.created} == {
        "einheiten": 2,
        "mietvertraege": 2,
        "eigentuemervertraege": 1,
        "mieter": 3,
        "eigentuemer": 1,
    }
    assert sum(line.updated + line.undelivered for line in lines.values()) == 0


def test_rows_that_the_ledger_knows_keep_their_records(site: Site) -> None:
    site.sync("etg24", HOUSE)
    with duckdb.connect(str(site.home / "stammdaten.duckdb")) as db:
        db.execute("delete from sync.ledger where entity = 'mieter'")
    found = counts(adopted(site, "etg24"))
    assert (found["einheiten"].in_ledger, found["mieter"].in_ledger, found["mieter"].by_external_id) == (
        3,
        0,
        3,
    )
    assert sum(c.strangers for c in found.values()) == 0


def test_several_pages_are_read_to_their_end(site: Site) -> None:
    groups = [{"external_id": f"{n:03}/1", "title": f"WE {n}"} for n in range(1, 408)]
    site.sync("etg24", {"objektgruppen": groups})
    forget(site)
    before = len(site.sent("etg24"))
    assert counts(adopted(site, "etg24"))["objektgruppen"].by_external_id == 407
    assert [s for s in site.sent("etg24")[before:] if "object-groups" in s] == [
        "GET /v1/object-groups 200"
    ] * 3


def test_when_the_partner_cannot_be_read_nothing_is_adopted(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.sync("etg24", HOUSE)
    forget(site)
    monkeypatch.setenv("DESTINATION__ETG24__PREFIX", "/v9")
    with pytest.raises(
        StammdatenError, match="etg24: reading back ended with the answer 404; nothing was changed"
    ):
        adopted(site, "etg24")
    assert site.ledger("select count(*) from sync.ledger") == [(0,)]
    assert not (site.home / "read_back").exists()
