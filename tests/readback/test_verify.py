"""Read-back against the ledger, over real HTTP, with marts made by hand."""

import copy
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import duckdb
import pytest

from pipelines.api.connector import Connector, connector
from pipelines.api.http.client import Answer, Client
from pipelines.api.protocols.protocol import Page
from pipelines.commands.adopt_verify import as_report
from pipelines.contract.contract import Entity, load_contract
from pipelines.errors import StammdatenError
from pipelines.push import push as engine
from pipelines.readback.verify import Finding, Verification, repair, verify
from pipelines.report import as_json
from pipelines.sandbox.play.store import Store
from tests.push.site import TODAY, Rows, Site
from tests.push.somebody import does
from tests.push.stock import ADDRESS, FACILIOO, HOUSE, KIWI, PLENTIFIC


def verified(site: Site, partner: str) -> Verification:
    return verify(site.home, connector(partner))


def found(verification: Verification) -> list[tuple[str, str, str | None, tuple[str, ...]]]:
    return [
        (f.kind, f.entity, f.external_id, tuple(c.name for c in f.changes)) for f in verification.findings
    ]


def repaired(site: Site, partner: str, findings: tuple[Finding, ...]) -> list[Any]:
    """Repairs, and returns the plan."""
    repair(site.home, load_contract(partner), findings)
    engine.plan(site.home, [partner], TODAY)
    return site.ledger(
        "select entity, operation, external_id, list_sort(changed_fields) from sync.plan where sends order by seq"
    )


def record(site: Site, partner: str, entity: str, external_id: str) -> dict[str, Any]:
    name = load_contract(partner).entities[entity].external_id
    (found,) = [r for r in site.sandbox.records(partner, entity) if r[str(name)] == external_id]
    return found


def street(units: int) -> Rows:
    """A street of houses with ten flats each: four records a flat."""
    numbers = [(f"001/1/{n // 10:02}", f"{n % 10:04}") for n in range(units)]
    houses = sorted({house for house, _ in numbers})
    return {
        "objektgruppen": HOUSE["objektgruppen"],
        "objekte": [
            {"external_id": house, "objektgruppen_external_id": "001/1", "title": f"Parkstr. {house[-2:]}"}
            for house in houses
        ],
        "objekt_adressen": [
            {
                "external_id": house,
                "objekte_external_id": house,
                "address": {**ADDRESS, "houseNumber": house[-2:]},
            }
            for house in houses
        ],
        "einheiten": [
            {"external_id": f"{h}/{n}", "objekte_external_id": h, "number": n, "area": 30.5 + int(n)}
            for h, n in numbers
        ],
        "mietvertraege": [
            {
                "external_id": f"{h}/{n}/01",
                "einheiten_external_id": f"{h}/{n}",
                "contractType": "rental",
                "validFrom": "2020-01-01",
                "validTo": "2030-12-31" if n == "0003" else None,
            }
            for h, n in numbers
        ],
        "mieter": [
            {
                "external_id": f"{h}/{n}/01/{person}",
                "mietvertraege_external_id": f"{h}/{n}/01",
                "firstName": first,
                "lastName": f"Muster-{h[-2:]}{n}",
                "emailAddress": f"{first.lower()}.{h[-2:]}{n}@example.org",
            }
            for h, n in numbers
            for person, first in ((77, "Ada"), (78, "Ben"))
        ],
    }


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("partner", "rows"),
    [("etg24", HOUSE), ("facilioo", FACILIOO), ("plentific", PLENTIFIC), ("kiwi", KIWI)],
)
def test_what_was_just_sent_is_as_the_ledger_says(site: Site, partner: str, rows: Rows) -> None:
    site.sync(partner, rows)
    before = len(site.sent(partner))
    seen = verified(site, partner)
    assert seen.findings == ()
    assert {c.entity: (c.in_ledger, c.at_partner) for c in seen.counts if c.in_ledger} == {
        name: (len(r), len(r)) for name, r in rows.items()
    }
    writes = [line for line in site.sent(partner)[before:] if not line.startswith("GET")]
    assert [w for w in writes if "login" not in w and "token" not in w and "session" not in w] == []


def test_without_external_ids_nothing_is_reported_either(site: Site) -> None:
    site.sandbox.set_option("etg24", "external_ids", "documented")
    site.sync("etg24", HOUSE)
    assert verified(site, "etg24").findings == ()


@pytest.mark.slow
def test_fifty_changed_twenty_deleted_and_ten_added_are_found_and_restored(site: Site) -> None:
    rows = street(490)
    assert sum(len(r) for r in rows.values()) == 2059
    site.sync("etg24", rows)
    luck = random.Random(7)
    units = luck.sample(site.sandbox.records("etg24", "einheiten"), 30)
    tenants = luck.sample(site.sandbox.records("etg24", "mieter"), 40)
    for unit in units:
        does("etg24", "patch", f"/units/{unit['id']}", {"area": unit["area"] + 1})
    for tenant in tenants[:20]:
        does("etg24", "patch", f"/participants/{tenant['id']}", {"lastName": "Anders", "emailAddress": None})
    for tenant in tenants[20:]:
        does("etg24", "delete", f"/participants/{tenant['id']}")
    for number, tenant in enumerate(tenants[:10]):
        body = {"firstName": "Fremd", "lastName": f"Person {number}"}
        does("etg24", "post", f"/contracts/{tenant['contractId']}/participants", body)

    seen = verified(site, "etg24")
    assert Counter(f.kind for f in seen.findings) == {"changed": 50, "missing": 20, "unknown": 10}
    assert set(found(seen)) >= {("changed", "einheiten", u["extId"], ("area",)) for u in units}
    assert set(found(seen)) >= {
        ("changed", "mieter", t["extId"], ("lastName", "emailAddress")) for t in tenants[:20]
    }
    assert {f.external_id for f in seen.findings if f.kind == "missing"} == {t["extId"] for t in tenants[20:]}

    plan = repaired(site, "etg24", seen.findings)
    assert Counter((entity, operation) for entity, operation, _, _ in plan) == {
        ("einheiten", "update"): 30,
        ("mieter", "update"): 20,
        ("mieter", "create"): 20,
    }
    assert {tuple(fields) for entity, kind, _, fields in plan if kind == "update"} == {
        ("area",),
        ("emailAddress", "lastName"),
    }
    site.sync("etg24", rows)
    assert Counter(f.kind for f in verified(site, "etg24").findings) == {"unknown": 10}
    assert len(site.sandbox.records("etg24", "mieter")) == 980 + 10


def test_values_that_mean_the_same_are_no_change(site: Site) -> None:
    site.sync("facilioo", FACILIOO)
    contract = record(site, "facilioo", "vertraege_mieter", "001/1/01/0001/01/77")
    does(
        "facilioo",
        "patch",
        f"/api/unit-contracts/{contract['id']}",
        {"effectiveFrom": "2020-01-01T01:00:00+01:00"},
    )
    assert verified(site, "facilioo").findings == ()


def test_a_new_parent_at_the_partner_is_a_changed_reference(site: Site) -> None:
    site.sync("plentific", PLENTIFIC)
    owner = record(site, "plentific", "unterobjekte_vermieter", "80")
    flat = record(site, "plentific", "unterobjekte", "001/1/01/0002")
    does("plentific", "patch", f"/owners/{owner['uuid']}", {"location_uuids": [flat["uuid"]]})
    seen = verified(site, "plentific")
    assert found(seen) == [("changed", "unterobjekte_vermieter", "80", ("location_uuids",))]
    (change,) = seen.findings[0].changes
    assert (change.held, change.shown) == (["001/1/01/0001", "001/1/01/0002"], ["001/1/01/0002"])
    assert repaired(site, "plentific", seen.findings) == [
        ("unterobjekte_vermieter", "update", "80", ["location_uuids"])
    ]
    site.sync("plentific", PLENTIFIC)
    assert verified(site, "plentific").findings == ()


def test_an_external_id_that_somebody_took_away_is_put_back(site: Site) -> None:
    site.sync("kiwi", KIWI)
    flat = record(site, "kiwi", "verwaltungseinheiten", "001/1/01/0002")
    does("kiwi", "patch", f"/v1/units/{flat['id']}", {"external_id": "X"})
    seen = verified(site, "kiwi")
    assert found(seen) == [("changed", "verwaltungseinheiten", "001/1/01/0002", ("external_id",))]
    repaired(site, "kiwi", seen.findings)
    site.sync("kiwi", KIWI)
    assert verified(site, "kiwi").findings == ()


def test_a_party_that_got_more_ids_is_unchanged_and_one_that_lost_ours_is_not(site: Site) -> None:
    site.sync("facilioo", FACILIOO)
    (party,) = site.sandbox.records("facilioo", "parteien_mieter")
    does("facilioo", "put", f"/api/parties/{party['id']}/external-ids", ["andere-1", "77"])
    assert verified(site, "facilioo").findings == ()
    does("facilioo", "put", f"/api/parties/{party['id']}/external-ids", ["andere-1"])
    assert found(verified(site, "facilioo")) == [("changed", "parteien_mieter", "77", ("externalId",))]


def test_of_an_ended_lease_only_its_end_counts(site: Site) -> None:
    site.sync("etg24", HOUSE)
    site.sync("etg24", {**HOUSE, "mietvertraege": HOUSE["mietvertraege"][:1], "mieter": HOUSE["mieter"][:2]})
    assert verified(site, "etg24").findings == ()
    lease = record(site, "etg24", "mietvertraege", "001/1/01/0002/01")
    tenant = record(site, "etg24", "mieter", "001/1/01/0002/01/79")
    does("etg24", "patch", f"/contracts/{lease['id']}", {"validFrom": "2019-01-01"})
    does("etg24", "delete", f"/participants/{tenant['id']}")
    assert verified(site, "etg24").findings == ()
    does("etg24", "patch", f"/contracts/{lease['id']}", {"validTo": None})
    seen = verified(site, "etg24")
    assert found(seen) == [("changed", "mietvertraege", "001/1/01/0002/01", ("validTo",))]
    with duckdb.connect(str(site.home / "stammdaten.duckdb")) as db:
        for entity in ("mietvertraege", "mieter"):
            db.execute(f"delete from partners.etg24__{entity} where external_id like '001/1/01/0002/01%'")
    assert repaired(site, "etg24", seen.findings) == [
        ("mietvertraege", "withdraw", "001/1/01/0002/01", ["validTo"])
    ]


def test_what_hangs_on_a_record_that_is_created_again_gets_its_new_id(site: Site) -> None:
    site.sync("etg24", HOUSE)
    group = record(site, "etg24", "objektgruppen", "001/1")
    with closing(Store(site.home.parent / "sandbox.sqlite")) as store, store.transaction():
        old = store.get("etg24", "/object-groups/{id}", group["id"])
        assert old
        store.delete("etg24", old)
    seen = verified(site, "etg24")
    assert found(seen) == [("missing", "objektgruppen", "001/1", ())]
    assert repaired(site, "etg24", seen.findings) == [
        ("objektgruppen", "create", "001/1", None),
        ("objekte", "update", "001/1/01", ["objectGroupId"]),
        ("objekte", "update", "001/1/02", ["objectGroupId"]),
    ]
    site.sync("etg24", HOUSE)
    assert verified(site, "etg24").findings == ()
    new = record(site, "etg24", "objektgruppen", "001/1")
    assert {o["objectGroupId"] for o in site.sandbox.records("etg24", "objekte")} == {new["id"]}


def test_a_record_that_a_list_leaves_out_is_asked_for_before_it_counts_as_missing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.sync("etg24", HOUSE)
    whole = Connector.pages

    def lagging(self: Connector, entity: Entity, *rest: Any) -> Iterator[Page]:
        for page in whole(self, entity, *rest):
            is_late = entity.name == "einheiten"
            yield replace(page, records=page.known()[:-1], total=(page.total or 0) - 1) if is_late else page

    monkeypatch.setattr(Connector, "pages", lagging)
    assert verified(site, "etg24").findings == ()


def test_a_list_that_shows_less_than_it_speaks_of_is_not_believed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.sync("etg24", HOUSE)
    whole = Connector.pages

    def cut(self: Connector, *rest: Any) -> Iterator[Page]:
        for page in whole(self, *rest):
            yield replace(page, records=page.known()[:2])

    monkeypatch.setattr(Connector, "pages", cut)
    with pytest.raises(
        StammdatenError, match="etg24: /units speaks of 3 records and shows 2; nothing was changed"
    ):
        verified(site, "etg24")


def test_a_record_that_is_marked_as_deleted_is_missing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.sync("facilioo", FACILIOO)
    whole = Connector.pages

    def marking(self: Connector, entity: Entity, *rest: Any) -> Iterator[Page]:
        for page in whole(self, entity, *rest):
            if entity.name == "einheiten":
                page.known()[0]["deleted"] = "2026-11-20T10:00:00Z"
            yield page

    monkeypatch.setattr(Connector, "pages", marking)
    assert found(verified(site, "facilioo")) == [("missing", "einheiten", "001/1/01/0001", ())]


def test_where_there_is_no_list_a_search_without_conditions_does(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.sync("facilioo", FACILIOO)
    whole = Client.call

    def without_list(self: Client, method: str, path: str, *rest: Any, **more: Any) -> Answer:
        if (method, path) == ("get", "/api/contact-details"):
            return Answer(405, None, {}, 1)
        return whole(self, method, path, *rest, **more)

    monkeypatch.setattr(Client, "call", without_list)
    seen = verified(site, "facilioo")
    assert seen.findings == ()
    assert {c.entity: c.at_partner for c in seen.counts}["kontaktdaten"] == 1


def test_what_a_partner_never_shows_is_not_compared(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.sync("kiwi", KIWI)
    whole = Connector.pages

    def hiding(self: Connector, entity: Entity, *rest: Any) -> Iterator[Page]:
        for page in whole(self, entity, *rest):
            for tenant in page.known() if entity.name == "mieter" else ():
                del tenant["email"]
            yield page

    monkeypatch.setattr(Connector, "pages", hiding)
    assert verified(site, "kiwi").findings == ()


def test_personal_values_are_masked_unless_they_are_asked_for(site: Site) -> None:
    site.sync("etg24", HOUSE)
    tenant = record(site, "etg24", "mieter", "001/1/01/0002/01/79")
    does("etg24", "patch", f"/participants/{tenant['id']}", {"lastName": "Anders-2"})
    unit = record(site, "etg24", "einheiten", "001/1/01/0002")
    does("etg24", "patch", f"/units/{unit['id']}", {"area": 71})
    findings = verified(site, "etg24").findings
    masked = [as_json(as_report("etg24", f, show_personal_data=False))["fields"] for f in findings]
    assert masked == [
        [{"field": "area", "ledger": 70.5, "partner": 71}],
        [{"field": "lastName", "ledger": "xxxxxx", "partner": "xxxxxx-9"}],
    ]
    shown = [as_json(as_report("etg24", f, show_personal_data=True))["fields"] for f in findings]
    assert shown[1] == [{"field": "lastName", "ledger": "Muster", "partner": "Anders-2"}]
    assert "Anders" not in repr(findings)


def test_a_new_building_brings_its_entrance_and_counts_once(site: Site) -> None:
    site.sync("facilioo", FACILIOO)
    tenant = record(site, "facilioo", "projekte", "001/1")
    body = {"name": "Fremd 1", "tenantId": tenant["id"], "externalId": "X-1"}
    building = does("facilioo", "post", "/api/properties", body)
    seen = verified(site, "facilioo")
    assert found(seen) == [("unknown", "gebaeude", "X-1", ())]
    assert seen.findings[0].remote_id == str(building["id"])


def test_rows_that_wait_are_only_looked_for(site: Site) -> None:
    site.sync("etg24", HOUSE)
    rows = copy.deepcopy(HOUSE)
    rows["objekte"][0]["title"] = ""
    assert site.sync("etg24", rows)["objekte"].rejected == 1
    assert verified(site, "etg24").findings == ()
