"""Spiri.Bo over real HTTP: our ids in the path, tenants before contracts, and nothing goes before what hangs on it."""

import copy
import json
from typing import Any
from urllib.parse import unquote

import pytest

from pipelines.api.connector import connector
from pipelines.errors import SettingsError
from pipelines.readback.adopt import adopt
from pipelines.readback.verify import repair, verify
from tests.push.shelf import Shelf
from tests.push.site import Rows, Site
from tests.push.somebody import does


def contract(flat: str, number: str, tenants: list[str], end: str | None = None) -> dict[str, Any]:
    return {
        "external_id": f"{flat}/{number}",
        "wohnungen_external_id": flat,
        "mieter_external_ids": tenants,
        "number": number,
        "startDate": "2020-02-01",
        "endDate": end,
        "mainTenantId": tenants[0],
    }


SPIRIBO: Rows = {
    "gebaeude": [{"external_id": "001/1/01", "name": "Am Park 3", "clientNumber": "001"}],
    "wohnungen": [
        {
            "external_id": f"001/1/01/{n}",
            "gebaeude_external_id": "001/1/01",
            "type": "living",
            "number": f"{n}",
            "livingSpace": 61.25,
        }
        for n in (1, 2)
    ],
    "mieter": [
        {"external_id": person, "lastName": "Muster", "firstName": first, "email": None}
        for person, first in (("P1", "Ada"), ("P2", "Ben"), ("P 3/ü", "Dora"))
    ],
    "vertraege": [
        contract("001/1/01/1", "01", ["P1", "P2"]),
        contract("001/1/01/2", "01", ["P 3/ü"]),
    ],
}
WITHOUT_DORA: Rows = {
    **SPIRIBO,
    "wohnungen": SPIRIBO["wohnungen"][:1],
    "mieter": SPIRIBO["mieter"][:2],
    "vertraege": SPIRIBO["vertraege"][:1],
}


def writes(site: Site, since: int = 0) -> list[str]:
    found = [line for line in site.sent("spiribo")[since:] if line.startswith(("PUT", "DELETE"))]
    return [unquote(line.replace("/v1/silo/", "")) for line in found]


def records(site: Site, entity: str) -> dict[str, Any]:
    return {record["externalId"]: record for record in site.sandbox.records("spiribo", entity)}


def test_everything_arrives_parents_first_and_a_second_run_sends_nothing(site: Site) -> None:
    site.sandbox.set_option("spiribo", "log_bodies", "yes")
    lines = site.sync("spiribo", SPIRIBO)
    created = {name: line.created for name, line in lines.items() if line.in_mart}
    assert created == {n: len(r) for n, r in SPIRIBO.items()}
    assert "PUT /v1/silo/tenant/P%203%2F%C3%BC 201" in site.sent("spiribo")
    kinds = [line.split(" ")[1].split("/")[0] for line in writes(site)]
    assert max(i for i, k in enumerate(kinds) if k == "building") < kinds.index("apartment")
    assert max(i for i, k in enumerate(kinds) if k in ("apartment", "tenant")) < kinds.index("contract")
    [sent] = [r for r in site.sandbox.requests("spiribo") if unquote(r.path).endswith("001/1/01/1/01")]
    assert json.loads(sent.body or "") == {
        "apartmentId": "001/1/01/1",
        "tenantIds": ["P1", "P2"],
        "number": "01",
        "startDate": "2020-02-01",
        "mainTenantId": "P1",
    }
    before = site.sent("spiribo")
    assert sum(line.unchanged for line in site.sync("spiribo", SPIRIBO).values()) == 8
    assert site.sent("spiribo") == before


def test_a_move_out_sets_the_end_and_the_record_stays(site: Site) -> None:
    site.sync("spiribo", SPIRIBO)
    before = len(site.sent("spiribo"))
    rows = copy.deepcopy(SPIRIBO)
    rows["vertraege"][1]["endDate"] = "2026-11-20"
    assert site.sync("spiribo", rows)["vertraege"].updated == 1
    assert writes(site, before) == ["PUT contract/001/1/01/2/01 200"]
    assert records(site, "vertraege")["001/1/01/2/01"]["endDate"] == "2026-11-20"


def test_what_leaves_goes_before_what_it_hangs_on(site: Site) -> None:
    site.sync("spiribo", SPIRIBO)
    before = len(site.sent("spiribo"))
    lines = site.sync("spiribo", WITHOUT_DORA)
    assert {name: line.withdrawn for name, line in lines.items()} == {
        "gebaeude": 0,
        "wohnungen": 1,
        "mieter": 1,
        "vertraege": 1,
        "dokumente": 0,
    }
    gone = writes(site, before)
    assert gone[0] == "DELETE contract/001/1/01/2/01 204"
    assert sorted(gone[1:]) == ["DELETE apartment/001/1/01/2 204", "DELETE tenant/P 3/ü 204"]
    assert sum(line.created for line in site.sync("spiribo", SPIRIBO).values()) == 3


def test_a_tenant_who_is_in_use_there_stays_and_is_told(site: Site) -> None:
    site.sync("spiribo", SPIRIBO)
    foreign = {"apartmentId": "001/1/01/1", "startDate": "2020-01-01", "tenantIds": ["P 3/ü"]}
    does("spiribo", "put", "/contract/foreign", foreign)
    lines = site.sync("spiribo", WITHOUT_DORA)
    assert (lines["vertraege"].withdrawn, lines["wohnungen"].withdrawn, lines["mieter"].withdrawn) == (
        1,
        1,
        0,
    )
    assert "P 3/ü" in records(site, "mieter")
    assert site.ledger(
        "select reason from sync.ledger where entity = 'mieter' and external_id = 'P 3/ü'"
    ) == [("still_referenced",)]
    does("spiribo", "delete", "/contract/foreign")
    site.sync("spiribo", WITHOUT_DORA)
    assert "P 3/ü" not in records(site, "mieter")


def test_a_contract_waits_for_a_tenant_who_is_refused(site: Site) -> None:
    site.sandbox.set_option("spiribo", "reject_pattern", "Dora")
    site.sandbox.set_option("spiribo", "reject_field", "firstName")
    lines = site.sync("spiribo", SPIRIBO)
    assert (lines["mieter"].rejected, lines["vertraege"].blocked, lines["vertraege"].created) == (1, 1, 1)
    assert site.ledger("select fields from sync.ledger where state = 'rejected'") == [("firstName",)]


@pytest.mark.parametrize("steps", [".", ".."])
def test_an_id_that_is_a_step_in_an_address_is_not_sent(site: Site, steps: str) -> None:
    rows = copy.deepcopy(WITHOUT_DORA)
    rows["mieter"].append({"external_id": steps, "lastName": "Muster", "firstName": "Eve", "email": None})
    lines = site.sync("spiribo", rows)
    assert (lines["mieter"].created, lines["mieter"].rejected, lines["vertraege"].undelivered) == (2, 1, 0)
    refused = "select external_id, reason from sync.ledger where state = 'rejected'"
    assert site.ledger(refused) == [(steps, "unusable_id")]
    assert all(line.split()[1].startswith("/v1/silo/") and ".." not in line for line in site.sent("spiribo"))


def test_an_unknown_reference_is_told_as_such(site: Site) -> None:
    site.sync("spiribo", SPIRIBO)
    for path in (
        "contract/001%2F1%2F01%2F1%2F01",
        "contract/001%2F1%2F01%2F2%2F01",
        "apartment/001%2F1%2F01%2F2",
    ):
        does("spiribo", "delete", f"/{path}")
    rows = copy.deepcopy(SPIRIBO)
    rows["vertraege"][1]["endDate"] = "2026-12-31"
    site.sync("spiribo", rows)
    assert site.ledger("select reason, fields from sync.ledger where reason is not null") == [
        ("unknown_parent", "apartmentId")
    ]


def test_what_is_there_is_adopted_by_cursor_and_nothing_is_written(site: Site) -> None:
    rows = copy.deepcopy(SPIRIBO)
    rows["mieter"] += [{**rows["mieter"][0], "external_id": f"Q{n}"} for n in range(198)]
    site.sync("spiribo", rows)
    site.ledger("delete from sync.ledger")
    before = len(site.sent("spiribo"))
    adoption = adopt(site.home, connector("spiribo"), apply=True)
    assert {c.entity: (c.by_external_id, c.differing) for c in adoption.counts} == {
        "gebaeude": (1, 0),
        "wohnungen": (2, 0),
        "mieter": (201, 0),
        "vertraege": (2, 0),
        "dokumente": (0, 0),
    }
    asked = [r.query for r in site.sandbox.requests("spiribo") if r.path == "/v1/silo/tenant"]
    assert [query.partition("&")[0] for query in asked] == ["limit=100"] * 3
    site.sync("spiribo", rows)
    assert writes(site, before) == []


@pytest.mark.slow
def test_what_somebody_changed_or_deleted_is_found_and_mended(site: Site) -> None:
    site.sync("spiribo", SPIRIBO)
    does("spiribo", "delete", "/contract/001%2F1%2F01%2F2%2F01")
    does("spiribo", "put", "/tenant/P1", {"lastName": "Anders"})
    made = connector("spiribo")
    found = verify(site.home, made)
    assert sorted(f.kind for f in found.findings) == ["changed", "missing"]
    assert repair(site.home, made.contract, found.findings) == 2
    site.sync("spiribo", SPIRIBO)
    assert verify(site.home, connector("spiribo")).findings == ()


@pytest.mark.sampled
@pytest.mark.parametrize("header", ["x-api-key", "bearer", " Bearer "])
def test_the_key_goes_into_the_header_of_the_setting(
    site: Site, monkeypatch: pytest.MonkeyPatch, header: str
) -> None:
    site.sandbox.set_option("spiribo", "key_in", header.strip().lower())
    monkeypatch.setenv("DESTINATION__SPIRIBO__HEADER", header)
    assert sum(line.undelivered for line in site.sync("spiribo", SPIRIBO).values()) == 0


def test_a_key_in_the_wrong_header_stops_the_partner(site: Site) -> None:
    site.sandbox.set_option("spiribo", "key_in", "bearer")
    site.sync("spiribo", SPIRIBO)
    assert site.stopped == {"spiribo": "the partner refused the login (401); check the credentials"}


def test_another_header_is_named_with_what_is_allowed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESTINATION__SPIRIBO__HEADER", "cookie")
    with pytest.raises(
        SettingsError, match="DESTINATION__SPIRIBO__HEADER is 'cookie'; allowed: x-api-key, bearer"
    ):
        connector("spiribo")


@pytest.mark.slow
@pytest.mark.sampled
@pytest.mark.parametrize("fault", ["cut_after_rate", "error_after_rate", "error_rate"])
def test_an_upsert_whose_answer_is_lost_makes_no_second_record(site: Site, fault: str) -> None:
    site.sandbox.set_option("spiribo", fault, "100")
    site.sandbox.set_option("spiribo", "fault_on", "^PUT ")
    site.sandbox.set_option("spiribo", "fault_limit", "2")
    assert sum(line.undelivered for line in site.sync("spiribo", SPIRIBO).values()) == 0
    assert {name: len(records(site, name)) for name in SPIRIBO} == {n: len(r) for n, r in SPIRIBO.items()}


def document(lease: str, content: bytes) -> Rows:
    described = {
        "dokument_nr": "D1", "pfad": None, "dateiname": "Brief.pdf", "mime_typ": "application/pdf",
        "groesse_bytes": len(content), "geaendert_am": None,
    }  # fmt: skip
    row = {"external_id": "D1", "vertraege_external_id": lease, "title": "Brief", "fileName": "Brief.pdf"}
    return {**SPIRIBO, "dokumente": [{**row, "content": described}]}


@pytest.mark.sampled
@pytest.mark.parametrize("fits", [True, False], ids=["taken", "refused"])
def test_the_former_bytes_do_not_stay_with_another_lease_where_the_new_ones_are_refused(
    site: Site, fits: bool
) -> None:
    first, second = (row["external_id"] for row in SPIRIBO["vertraege"])
    shelf = Shelf({"D1": b"kurz"})
    site.contents = shelf
    assert site.sync("spiribo", document(first, b"kurz"))["dokumente"].created == 1
    shelf.documents["D1"] = b"x" * 50
    site.sandbox.set_option("spiribo", "content_most", "0" if fits else "20")
    moved = document(second, b"x" * 50)
    assert site.sync("spiribo", moved)["dokumente"].undelivered == (0 if fits else 1)
    assert {r["contractId"] for r in records(site, "dokumente").values()} == ({second} if fits else set())
    # Back to what was there before, and still not taken: the ledger knows that it is gone.
    shelf.documents["D1"] = b"kurz"
    assert site.sync("spiribo", document(first, b"kurz"))["dokumente"].undelivered == 0
    assert records(site, "dokumente")["D1"]["contractId"] == first
