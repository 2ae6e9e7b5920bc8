"""facilioo over real HTTP: onboarding, a second run, changes, ends, parties and their lists of ids."""

import copy
from dataclasses import replace

import duckdb
import pytest

from pipelines.api.connector import connector
from pipelines.readback.adopt import adopt
from pipelines.readback.verify import verify
from tests.push.shelf import Shelf
from tests.push.site import Site
from tests.push.stock import FACILIOO


def writes(site: Site, since: int = 0) -> list[str]:
    return [
        line
        for line in site.sent("facilioo")[since:]
        if line.startswith(("POST /api/u", "PUT", "PATCH", "DEL"))
    ]


def test_facilioo_gets_one_entrance_a_building_and_parties_that_are_found_by_their_ids(site: Site) -> None:
    lines = site.sync("facilioo", FACILIOO)
    assert sum(line.undelivered for line in lines.values()) == 0
    (building,) = site.sandbox.records("facilioo", "gebaeude")
    (entrance,) = site.sandbox.records("facilioo", "eingaenge")
    assert (entrance["id"], entrance["externalId"]) == (building["id"], "001/1/01")
    contracts = site.sandbox.records("facilioo", "vertraege_mieter")
    assert [c["externalId"] for c in contracts] == ["001/1/01/0001/01/77"]
    # Its list of external ids is read, and not replaced when our id is in it already.
    [party] = site.sandbox.records("facilioo", "parteien_mieter")
    assert f"GET /api/parties/{party['id']}/external-ids 200" in site.sent("facilioo")
    assert "PUT /api/parties/" not in " ".join(site.sent("facilioo"))


@pytest.mark.slow
def test_a_second_run_sends_nothing(site: Site) -> None:
    site.sync("facilioo", FACILIOO)
    before = site.sent("facilioo")
    lines = site.sync("facilioo", FACILIOO)
    assert site.sent("facilioo") == before
    assert sum(line.unchanged for line in lines.values()) == sum(map(len, FACILIOO.values()))


def test_a_changed_field_is_one_change_of_one_record(site: Site) -> None:
    site.sync("facilioo", FACILIOO)
    rows = copy.deepcopy(FACILIOO)
    rows["einheiten"][0]["number"] = "0001a"
    before = len(site.sent("facilioo"))
    lines = site.sync("facilioo", rows)
    assert {name: line.updated for name, line in lines.items() if line.updated} == {"einheiten": 1}
    [unit] = site.sandbox.records("facilioo", "einheiten")
    assert unit["number"] == "0001a"
    assert writes(site, before) == [f"PATCH /api/units/{unit['id']} 200"]


def test_a_tenant_that_leaves_keeps_the_party_and_the_contract_ends(site: Site) -> None:
    site.sync("facilioo", FACILIOO)
    gone = {**FACILIOO, "parteien_mieter": [], "kontaktdaten": [], "vertraege_mieter": []}
    lines = site.sync("facilioo", gone)
    withdrawn = {name: line.withdrawn for name, line in lines.items() if line.withdrawn}
    assert withdrawn == {"parteien_mieter": 1, "kontaktdaten": 1, "vertraege_mieter": 1}
    [contract] = site.sandbox.records("facilioo", "vertraege_mieter")
    # The last moment of the key date in Berlin.
    assert contract["terminationAt"] == "2026-11-21T23:59:59+01:00"
    assert len(site.sandbox.records("facilioo", "parteien_mieter")) == 1
    assert site.sandbox.records("facilioo", "kontaktdaten") == []


def test_what_is_there_is_adopted_by_our_ids_and_nothing_is_written(site: Site) -> None:
    site.sync("facilioo", FACILIOO)
    before = writes(site)
    with duckdb.connect(str(site.home / "stammdaten.duckdb")) as db:
        db.execute("delete from sync.ledger")
    found = adopt(site.home, connector("facilioo"), apply=True)
    assert sum(line.to_create + line.strangers + line.ambiguous for line in found.counts) == 0
    site.sync("facilioo", FACILIOO)
    assert writes(site) == before


def test_whom_a_document_belongs_to_may_read_it_as_long_as_it_does_and_is_not_told(site: Site) -> None:
    site.contents = Shelf({"D1": b"%PDF"})
    described = {
        "dokument_nr": "D1", "pfad": None, "dateiname": "D1.pdf", "mime_typ": "application/pdf",
        "groesse_bytes": 4, "geaendert_am": None,
    }  # fmt: skip
    party = FACILIOO["parteien_mieter"][0]["external_id"]
    owner = {"parteien_mieter_external_id": party, "parteien_eigentuemer_external_id": None}
    places = dict.fromkeys(("dokumentenordner_external_id", "gebaeude_external_id", "einheiten_external_id"))
    document = {"external_id": "D1", **places, **owner, "title": "Mietvertrag", "fileId": described}
    share = {"external_id": f"D1/{party}", "dokumente_external_id": "D1", **owner}
    rows = {**FACILIOO, "dokumente": [document], "freigaben": [share]}
    lines = site.sync("facilioo", rows)
    assert sum(line.undelivered for line in lines.values()) == 0
    [made] = site.sandbox.records("facilioo", "freigaben")
    [there] = site.sandbox.records("facilioo", "dokumente")
    [person] = site.sandbox.records("facilioo", "parteien_mieter")
    assert (made["documentId"], made["partyId"]) == (there["id"], person["id"])
    assert (made["wasRead"], made["wasNotified"]) == (False, True)
    # Read meanwhile: that is theirs, and no difference.
    [record] = site.sandbox._reader("facilioo").store.all("facilioo", "/api/document-shares/{id}")
    site.sandbox._reader("facilioo").store.update(
        "facilioo", replace(record, body={**record.body, "wasRead": True})
    )
    assert verify(site.home, connector("facilioo")).findings == ()
    before = site.sent("facilioo")
    site.sync("facilioo", rows)
    assert site.sent("facilioo") == before
    site.sync("facilioo", {**FACILIOO, "dokumente": [document], "freigaben": []})
    assert site.sandbox.records("facilioo", "freigaben") == []
    site.sync("facilioo", rows)
    lines = site.sync("facilioo", {**FACILIOO, "dokumente": [], "freigaben": []})
    assert (lines["freigaben"].withdrawn, lines["dokumente"].withdrawn) == (1, 1)
    assert site.sandbox.records("facilioo", "dokumente") == []
