"""AktivBo over real HTTP: batches, consents that are withdrawn whatever a guard keeps back, adoption by cursor."""

import copy
import json

import pytest

from pipelines.api.connector import connector
from pipelines.readback.adopt import adopt
from pipelines.readback.verify import verify
from tests.push.site import Rows, Site
from tests.push.stock import AKTIVBO


def there(site: Site) -> list[str]:
    return sorted(record["person_id"] for record in site.sandbox.records("aktivbo", "mieter"))


def withdrawn(rows: Rows, *places: int) -> Rows:
    ids = [rows["mieter"][place]["external_id"] for place in places]
    why = "the consent is withdrawn since 2026-11-20"
    return {
        **rows,
        "mieter": [row for row in rows["mieter"] if row["external_id"] not in ids],
        "by_law": [{"entity": "mieter", "external_id": i, "rule": "E7", "reason": why} for i in ids],
    }


def test_each_kind_goes_in_one_request_apartments_first_and_a_second_run_sends_nothing(site: Site) -> None:
    site.sandbox.set_option("aktivbo", "log_bodies", "yes")
    lines = site.sync("aktivbo", AKTIVBO)
    assert {name: (line.created, line.undelivered) for name, line in lines.items()} == {
        "wohnungen": (8, 0),
        "mieter": (8, 0),
    }
    assert site.sent("aktivbo") == ["PUT /v1/apartments 200", "PUT /v1/tenants 200"]
    body = json.loads(site.sandbox.requests("aktivbo")[1].body or "")
    assert body["items"][0] == {
        "external_id": "001/1/01/0001/01/71",
        "apartment_external_id": "001/1/01/0001",
        "person_id": "71",
        "contract_number": "01",
        "last_name": "Muster 1",
        "language": "de",
        "contract_start": "2020-01-01",
        "is_main_tenant": True,
        "consent": True,
        "consent_date": "2024-05-06",
    }
    site.sync("aktivbo", AKTIVBO)
    assert len(site.sent("aktivbo")) == 2


def test_a_tenant_without_consent_is_refused_and_costs_no_other(site: Site) -> None:
    rows = copy.deepcopy(AKTIVBO)
    rows["mieter"][2]["consent"] = False
    lines = site.sync("aktivbo", rows)
    assert (lines["mieter"].created, lines["mieter"].rejected) == (7, 1)
    assert site.ledger("select external_id, fields from sync.ledger where state = 'rejected'") == [
        ("001/1/01/0003/01/73", "consent")
    ]


def test_a_withdrawn_consent_deletes_the_tenant_while_a_guard_keeps_the_rest_back(site: Site) -> None:
    site.sync("aktivbo", AKTIVBO)
    rows = withdrawn(AKTIVBO, 3)
    rows = {**rows, "mieter": rows["mieter"][:1], "wohnungen": rows["wohnungen"][:1]}
    site.sync("aktivbo", rows)
    assert "aktivbo" in site.held
    assert there(site) == ["71", "72", "73", "75", "76", "77", "78"]
    assert site.sent("aktivbo")[2:] == ["DELETE /v1/tenants/001%2F1%2F01%2F0004%2F01%2F74 204"]


def test_a_lease_that_leaves_is_deleted_before_its_apartment(site: Site) -> None:
    site.sync("aktivbo", AKTIVBO)
    lines = site.sync("aktivbo", {"wohnungen": AKTIVBO["wohnungen"][:7], "mieter": AKTIVBO["mieter"][:7]})
    assert (lines["wohnungen"].withdrawn, lines["mieter"].withdrawn) == (1, 1)
    assert [line.split(" ")[1] for line in site.sent("aktivbo")[2:]] == [
        "/v1/tenants/001%2F1%2F01%2F0008%2F01%2F78",
        "/v1/apartments/001%2F1%2F01%2F0008",
    ]


def test_a_tenant_who_gives_the_consent_again_is_made_again(site: Site) -> None:
    site.sync("aktivbo", AKTIVBO)
    site.sync("aktivbo", withdrawn(AKTIVBO, 0))
    lines = site.sync("aktivbo", AKTIVBO)
    assert (lines["mieter"].created, len(there(site))) == (1, 8)


def test_what_is_there_is_adopted_by_our_ids_and_found_when_it_was_changed(site: Site) -> None:
    site.sync("aktivbo", AKTIVBO)
    site.ledger("delete from sync.ledger")
    found = adopt(site.home, connector("aktivbo"), apply=True)
    assert {line.entity: line.by_external_id for line in found.counts} == {"wohnungen": 8, "mieter": 8}
    before = len([line for line in site.sent("aktivbo") if not line.startswith("GET")])
    site.sync("aktivbo", AKTIVBO)
    assert len([line for line in site.sent("aktivbo") if not line.startswith("GET")]) == before
    site.sandbox.tamper("aktivbo", "mieter", seed=2, changed=1)
    assert [finding.kind for finding in verify(site.home, connector("aktivbo")).findings] == ["changed"]


def test_a_refused_token_stops_the_partner(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESTINATION__AKTIVBO__API_TOKEN", "wrong")
    lines = site.sync("aktivbo", AKTIVBO)
    assert site.stopped == {"aktivbo": "the partner refused the login (401); check the credentials"}
    assert sum(line.pending for line in lines.values()) == 16
