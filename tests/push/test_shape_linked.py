"""A partner that keeps our ids: PUT makes and replaces, lists are followed by links."""

import copy
import json
from collections import Counter
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from pipelines.api.connector import connector
from pipelines.api.http.channel import Channel, Response
from pipelines.errors import StammdatenError
from pipelines.ledger.journal import Journal
from pipelines.ledger.ledger import open_database
from pipelines.push import push as engine
from pipelines.push.recovery import recover
from pipelines.readback.adopt import adopt
from pipelines.readback.verify import repair, verify
from tests.push.marts import write_marts
from tests.push.shape_stock import HOUSE_IDS, LINKED
from tests.push.site import TODAY, Site


def puts(site: Site) -> Counter[str]:
    return Counter(r.path for r in site.sandbox.requests("linked") if r.method == "PUT")


def ids(site: Site, entity: str) -> list[str]:
    return sorted(record["id"] for record in site.sandbox.records("linked", entity))


def contracts(site: Site) -> dict[str, Any]:
    return {record["id"]: record for record in site.sandbox.records("linked", "vertraege")}


def test_ids_with_slashes_bars_blanks_and_umlauts_arrive_as_they_are(shapes: Site) -> None:
    lines = shapes.sync("linked", LINKED)
    assert sum(line.undelivered for line in lines.values()) == 0
    assert ids(shapes, "haeuser") == HOUSE_IDS
    assert ids(shapes, "vertraege") == [f"{id_}/01" for id_ in HOUSE_IDS[:2]]
    assert "PUT /v2/houses/001%2F1%20a%7C0%C3%BC 201" in shapes.sent("linked")
    assert shapes.ledger("select count(*) from sync.ledger where remote_id = external_id") == [(9,)]


def test_what_is_unchanged_is_not_sent_again(shapes: Site) -> None:
    shapes.sync("linked", LINKED)
    before = len(shapes.sent("linked"))
    shapes.sync("linked", LINKED)
    assert len(shapes.sent("linked")) == before


def test_a_change_sends_all_fields_to_the_same_address(shapes: Site) -> None:
    shapes.sandbox.set_option("linked", "log_bodies", "yes")
    shapes.sync("linked", LINKED)
    rows = copy.deepcopy(LINKED)
    rows["vertraege"][0]["note"] = None
    assert shapes.sync("linked", rows)["vertraege"].updated == 1
    last = shapes.sandbox.requests("linked")[-1]
    assert (last.method, last.status) == ("PUT", 200)
    assert last.body == (
        '{"startDate": "2020-01-01", "endDate": null, "note": null, "houseId": "001/1 a|0\\u00fc"}'
    )


@pytest.mark.sampled
@pytest.mark.parametrize("fault", ["cut_after_rate", "error_after_rate", "cut_during_rate", "error_rate"])
def test_an_upsert_whose_answer_is_lost_is_sent_once_more_and_nothing_is_looked_up(
    shapes: Site, fault: str
) -> None:
    shapes.sandbox.set_option("linked", fault, "100")
    shapes.sandbox.set_option("linked", "fault_limit", "1")
    rows = {"haeuser": LINKED["haeuser"][:1]}
    assert shapes.sync("linked", rows)["haeuser"].created == 1
    assert [line.split()[0] for line in shapes.sent("linked")] == ["PUT", "PUT"]
    assert ids(shapes, "haeuser") == HOUSE_IDS[:1]


def test_an_upsert_in_doubt_after_a_crash_is_sent_again_without_a_look_up(shapes: Site) -> None:
    with open_database(shapes.home) as db:
        write_marts(db, "linked", LINKED)
    plan = engine.plan(shapes.home, ["linked"], TODAY)
    with closing(Journal(shapes.home / "journal.sqlite")) as journal:
        journal.intend(plan.plan_id, "linked", range(1, 4))
    assert recover(shapes.home, ["linked"]) == 0
    assert shapes.sent("linked") == []
    shapes.sync("linked", LINKED)
    assert set(puts(shapes).values()) == {1}
    assert ids(shapes, "haeuser") == HOUSE_IDS


def test_a_contract_that_leaves_the_mart_is_put_whole_with_its_end(shapes: Site) -> None:
    shapes.sync("linked", LINKED)
    assert shapes.sync("linked", {**LINKED, "vertraege": LINKED["vertraege"][:1]})["vertraege"].withdrawn == 1
    assert contracts(shapes)["001/1 a|1ü/01"] == {
        "id": "001/1 a|1ü/01",
        "houseId": "001/1 a|1ü",
        "startDate": "2020-01-01",
        "endDate": "2026-11-21",
        "note": "Nr. 1",
    }
    assert [line for line in shapes.sent("linked") if line.startswith("GET")] == []
    assert verify(shapes.home, connector("linked")).findings == ()


def test_a_contract_of_which_only_the_ids_are_known_is_read_before_it_is_ended(shapes: Site) -> None:
    shapes.sync("linked", LINKED)
    shapes.ledger("update sync.ledger set payload = null, refs = null, payload_hash = null")
    lines = shapes.sync("linked", {**LINKED, "vertraege": LINKED["vertraege"][:1]})
    assert (lines["vertraege"].withdrawn, lines["vertraege"].undelivered) == (1, 0)
    ended = contracts(shapes)["001/1 a|1ü/01"]
    assert (ended["endDate"], ended["note"], ended["houseId"]) == ("2026-11-21", "Nr. 1", "001/1 a|1ü")


def test_a_refused_upsert_names_the_field(shapes: Site) -> None:
    rows = copy.deepcopy(LINKED)
    rows["haeuser"][3]["name"] = ""
    lines = shapes.sync("linked", rows)
    assert (lines["haeuser"].created, lines["haeuser"].rejected) == (6, 1)
    assert shapes.ledger("select reason, fields, external_id from sync.ledger where state = 'rejected'") == [
        ("missing_field", "name", HOUSE_IDS[3])
    ]


def test_a_parent_that_somebody_removed_is_named_as_unknown(shapes: Site) -> None:
    shapes.sync("linked", {"haeuser": LINKED["haeuser"][:1]})
    shapes.sandbox.tamper("linked", "haeuser", seed=1, deleted=1)
    lines = shapes.sync("linked", {"haeuser": LINKED["haeuser"][:1], "vertraege": LINKED["vertraege"][:1]})
    assert lines["vertraege"].rejected == 1
    assert shapes.ledger("select reason from sync.ledger where entity = 'vertraege'") == [("unknown_parent",)]


def test_what_the_partner_holds_is_adopted_over_all_linked_pages(shapes: Site) -> None:
    shapes.sync("linked", LINKED)
    shapes.ledger("delete from sync.ledger")
    before = len(shapes.sent("linked"))
    adoption = adopt(shapes.home, connector("linked"), apply=True)
    assert {c.entity: c.by_external_id for c in adoption.counts} == {"haeuser": 7, "vertraege": 2}
    # Seven houses in pages of three, two contracts in one.
    assert len(shapes.sent("linked")) - before == 4
    shapes.sync("linked", LINKED)
    assert [line for line in shapes.sent("linked")[before:] if line.startswith("PUT")] == []


def test_records_made_by_hand_have_no_id_of_ours_and_are_left_alone(shapes: Site) -> None:
    shapes.sync("linked", {"haeuser": LINKED["haeuser"]})
    shapes.sandbox.tamper("linked", "haeuser", seed=2, added=2)
    found = verify(shapes.home, connector("linked"))
    assert [(f.kind, f.external_id) for f in found.findings] == [("unknown", "fremd-1")]
    assert [r["id"] for r in shapes.sandbox.records("linked", "haeuser")][-2:] == [None, "fremd-1"]


def test_what_somebody_changed_or_deleted_is_found_and_restored(shapes: Site) -> None:
    shapes.sync("linked", {"haeuser": LINKED["haeuser"]})
    shapes.sandbox.tamper("linked", "haeuser", seed=3, changed=1, deleted=1)
    made = connector("linked")
    found = verify(shapes.home, made)
    assert [f.kind for f in found.findings] == ["missing", "changed"]
    assert repair(shapes.home, made.contract, found.findings) == 2
    shapes.sync("linked", {"haeuser": LINKED["haeuser"]})
    assert verify(shapes.home, connector("linked")).findings == ()


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("http://127.0.0.1:9/v2/houses?page=2", "a link to another address"),
        ("https://api.linked.example/v2/houses?page=2", "a link to another address"),
        ("//somebody.example/v2/houses", "a link to another address"),
        ("http://[", "a link to another address"),
        ("houses?page=2&pageSize=3", "a link to a page that was there before"),
    ],
)
def test_a_link_that_leads_elsewhere_or_round_is_not_followed(
    shapes: Site, monkeypatch: pytest.MonkeyPatch, link: str, words: str
) -> None:
    shapes.sync("linked", {"haeuser": LINKED["haeuser"]})
    real, asked = Channel.send, []

    def send(self: Channel, method: str, address: str, *more: Any) -> Response:
        asked.append(address)
        response = real(self, method, address, *more)
        body = json.loads(response.content)
        body["_links"]["next"] = link
        return replace(response, content=json.dumps(body).encode())

    monkeypatch.setattr(Channel, "send", send)
    with pytest.raises(StammdatenError, match=f"linked: reading back ended with {words}"):
        verify(shapes.home, connector("linked"))
    base = shapes.sandbox.base_url("linked")
    assert all(url.startswith(base) for url in asked)
