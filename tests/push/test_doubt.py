"""Creates without an answer: looked for, matched one to one, never sent twice where nobody refuses the second."""

import copy
import dataclasses
import time
from typing import Any

import pytest

from pipelines.api.connector import connector
from pipelines.api.http.client import Answer
from pipelines.api.protocols.protocol import Operation
from pipelines.api.protocols.rest import Rest
from pipelines.ledger.journal import Journal
from pipelines.push.recovery import recover
from pipelines.readback.adopt import adopt
from pipelines.readback.verify import verify
from tests.push.site import Rows, Site
from tests.push.somebody import does
from tests.push.stock import FACILIOO, HOUSE, KIWI
from tests.push.test_push_pricehubble import STOCK as DOSSIERS

TWINS: Rows = {
    "objektgruppen": [{"external_id": f"00{n}", "title": "Am Park"} for n in (1, 2)],
    "objekte": [
        {"external_id": f"00{n}/1", "objektgruppen_external_id": f"00{n}", "title": f"Haus {n}"}
        for n in (1, 2)
    ],
}


def patience(monkeypatch: pytest.MonkeyPatch, partner: str, look_again: str, absent_after: str) -> None:
    monkeypatch.setenv(f"DESTINATION__{partner.upper()}__LOOK_AGAIN", look_again)
    monkeypatch.setenv(f"DESTINATION__{partner.upper()}__ABSENT_AFTER", absent_after)


def lose(site: Site, partner: str, fault: str, on: str, times: int = 1, **more: str) -> None:
    options = {"fault_on": on, "fault_limit": str(times), fault: "100", **more}
    site.sandbox.set_options({f"{partner}.{name}": value for name, value in options.items()})


def posts(site: Site, partner: str, path: str) -> int:
    """Requests that make a record; what the partner processes late is in its log a second time."""
    requests = site.sandbox.requests(partner)
    return len([r for r in requests if (r.method, r.path) == ("POST", path) and r.fault != "processed_late"])


def groups_of_houses(site: Site) -> dict[str, str]:
    return {o["title"]: o["objectGroupId"] for o in site.sandbox.records("etg24", "objekte")}


@pytest.mark.sampled
@pytest.mark.parametrize("fault", ["error_after_rate", "cut_after_rate"])
def test_two_groups_of_one_title_stay_two_when_the_second_answer_is_lost(
    site: Site, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    patience(monkeypatch, "etg24", "2", "120")
    # It keeps no external id on groups, and does not say so.
    site.sandbox.set_option("etg24", "external_ids", "documented")
    site.sandbox.set_option("etg24", "unknown_fields", "ignore")
    site.sync("etg24", {"objektgruppen": TWINS["objektgruppen"][:1]})
    lose(site, "etg24", fault, "^POST /v1/object-groups$")
    lines = site.sync("etg24", TWINS)
    assert sum(line.undelivered for line in lines.values()) == 0
    assert len(site.sandbox.records("etg24", "objektgruppen")) == 2
    groups = groups_of_houses(site)
    assert groups["Haus 1"] != groups["Haus 2"]
    held = dict(site.ledger("select external_id, remote_id from sync.ledger where entity = 'objektgruppen'"))
    assert groups == {"Haus 1": held["001"], "Haus 2": held["002"]}


def test_a_group_that_never_arrived_is_not_replaced_by_its_twin(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience(monkeypatch, "etg24", "0", "3600")
    site.sandbox.set_option("etg24", "external_ids", "documented")
    site.sync("etg24", {"objektgruppen": TWINS["objektgruppen"][:1]})
    lose(site, "etg24", "error_rate", "^POST /v1/object-groups$")
    lines = site.sync("etg24", TWINS)
    # Its house waits; nobody else's group is taken for it, and nothing is sent a second time.
    assert (lines["objektgruppen"].pending, lines["objekte"].blocked, lines["objekte"].created) == (1, 1, 1)
    in_doubt = "select external_id, state, reason from sync.ledger where reason = 'in_doubt'"
    assert site.ledger(in_doubt) == [("002", "pending", "in_doubt")]
    # So it stays while the time is not over, and is made after it.
    site.sync("etg24", TWINS)
    assert site.ledger(in_doubt) == [("002", "pending", "in_doubt")]
    assert (
        posts(site, "etg24", "/v1/object-groups") == 2 + 1
    )  # without the external id, which was refused once
    patience(monkeypatch, "etg24", "0", "1")
    told: list[tuple[str, int, int]] = []
    recover(site.home, ["etg24"], lambda *line: told.append(line))
    assert told[0] == ("etg24, creates in doubt", 0, 1)
    assert sum(line.undelivered for line in site.sync("etg24", TWINS).values()) == 0
    groups = groups_of_houses(site)
    assert len(site.sandbox.records("etg24", "objektgruppen")) == 2
    assert groups["Haus 1"] != groups["Haus 2"]


def test_a_create_in_doubt_whose_row_has_left_is_found_before_it_is_forgotten(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience(monkeypatch, "kiwi", "0", "3600")
    tenant = {"external_id": "77", "first_name": "Ada", "last_name": "Muster", "email": "ada@example.org"}
    lose(site, "kiwi", "late_rate", "^POST /v1/tenants$", late_ms="700")
    assert site.sync("kiwi", {"mieter": [tenant]})["mieter"].pending == 1
    time.sleep(1)
    site.sync("kiwi", {"mieter": []})
    assert site.ledger("select external_id, state, remote_id is not null from sync.ledger") == [
        ("77", "withdrawn", True)
    ]


@pytest.mark.sampled
@pytest.mark.parametrize("lag", ["late_rate", "error_after_rate"])
def test_a_dossier_that_can_be_read_late_is_made_once(
    site: Site, monkeypatch: pytest.MonkeyPatch, lag: str
) -> None:
    patience(monkeypatch, "pricehubble", "8", "120")
    site.sandbox.set_option("pricehubble", "read_delay_ms", "2000")
    lose(site, "pricehubble", lag, "^POST /api/v1/dossiers$", times=3, late_ms="1500")
    assert site.sync("pricehubble", DOSSIERS)["dossiers"].undelivered == 0
    assert len(site.sandbox.records("pricehubble", "dossiers")) == 3
    assert posts(site, "pricehubble", "/api/v1/dossiers") == 3


def test_a_create_is_sent_again_at_once_where_the_partner_refuses_a_second_one(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience(monkeypatch, "etg24", "0", "3600")
    lose(site, "etg24", "error_rate", "^POST /v1/objects$", times=2)
    assert sum(line.undelivered for line in site.sync("etg24", HOUSE).values()) == 0


def test_tenants_of_one_lease_and_one_name_are_two_after_a_kill(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience(monkeypatch, "etg24", "0", "0")
    site.sandbox.set_option("etg24", "external_ids", "documented")
    rows = copy.deepcopy(HOUSE)
    rows["mieter"] = [{**HOUSE["mieter"][0], "external_id": f"001/1/01/0001/01/{n}"} for n in (77, 78, 79)]
    site.sync("etg24", rows)
    # The run died before it knew of any answer.
    found = site.ledger("select plan_id, seq from sync.plan where entity = 'mieter' order by seq")
    site.ledger("delete from sync.attempts where entity = 'mieter'")
    site.ledger("delete from sync.ledger where entity = 'mieter'")
    journal = Journal(site.home / "journal.sqlite")
    journal.intend(found[0][0], "etg24", [seq for _, seq in found])
    journal.close()
    assert recover(site.home, ["etg24"]) == 3
    assert sum(line.undelivered for line in site.sync("etg24", rows).values()) == 0
    records = site.sandbox.records("etg24", "mieter")
    held = site.ledger("select remote_id from sync.ledger where entity = 'mieter'")
    assert len(records) == 3
    assert {id_ for (id_,) in held} == {record["id"] for record in records}


def test_of_more_records_than_rows_the_one_that_is_like_the_row_is_taken(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience(monkeypatch, "facilioo", "0", "0")
    site.sync("facilioo", {**FACILIOO, "kontaktdaten": []})
    [party] = site.sandbox.records("facilioo", "parteien_mieter")
    for value in ("somebody@example.org", "else@example.org"):
        does(
            "facilioo",
            "post",
            "/api/contact-details",
            {"partyId": party["id"], "contactTypeId": 1, "value": value},
        )
    lose(site, "facilioo", "error_after_rate", "^POST /api/contact-details$")
    assert site.sync("facilioo", FACILIOO)["kontaktdaten"].undelivered == 0
    shown = [c["value"] for c in site.sandbox.records("facilioo", "kontaktdaten")]
    assert shown == ["somebody@example.org", "else@example.org", "ada@example.org"]


def test_a_record_of_another_row_is_not_taken_even_if_it_carries_the_id(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.sync("pricehubble", DOSSIERS)
    [first, *_] = site.sandbox.records("pricehubble", "dossiers")
    does("pricehubble", "patch", f"/api/v1/dossiers/{first['id']}", {"sourceDossierId": "001/1/01/0009"})
    rows = {"dossiers": [*DOSSIERS["dossiers"], {**DOSSIERS["dossiers"][0], "external_id": "001/1/01/0009"}]}
    assert site.sync("pricehubble", rows)["dossiers"].rejected == 1
    assert site.ledger("select external_id, reason from sync.ledger where state = 'rejected'") == [
        ("001/1/01/0009", "held_by_another")
    ]


def merged(site: Site) -> tuple[Any, Rows]:
    """Two parties that facilioo has made one: the second's id stands in the first one's list."""
    rows = copy.deepcopy(FACILIOO)
    rows["parteien_mieter"].append({**rows["parteien_mieter"][0], "external_id": "78"})
    site.sync("facilioo", rows)
    parties = dict(
        site.ledger("select external_id, remote_id from sync.ledger where entity = 'parteien_mieter'")
    )
    does("facilioo", "delete", f"/api/parties/{parties['78']}")  # 77 has the contract
    does("facilioo", "put", f"/api/parties/{parties['77']}/external-ids", ["77", "78", "elsewhere"])
    return parties["77"], rows


def ids_of(site: Site, party: Any) -> set[str]:
    return set(does("facilioo", "get", f"/api/parties/{party}/external-ids")["items"])


def test_a_merged_party_serves_both_rows_and_keeps_the_ids_of_all(site: Site) -> None:
    party, rows = merged(site)
    site.ledger(
        "update sync.ledger set remote_id = null, payload = null, payload_hash = null where external_id in ('77', '78')"
    )
    assert sum(line.undelivered for line in site.sync("facilioo", rows).values()) == 0
    assert len(site.sandbox.records("facilioo", "parteien_mieter")) == 1
    assert ids_of(site, party) == {"77", "78", "elsewhere"}
    held = site.ledger("select remote_id from sync.ledger where external_id in ('77', '78')")
    assert held == [(str(party),)] * 2


def test_our_id_joins_those_of_others(site: Site) -> None:
    site.sync("facilioo", FACILIOO)
    [party] = site.sandbox.records("facilioo", "parteien_mieter")
    does("facilioo", "put", f"/api/parties/{party['id']}/external-ids", ["elsewhere"])
    site.ledger("update sync.ledger set payload = null, payload_hash = null where external_id = '77'")
    site.sync("facilioo", FACILIOO)
    assert ids_of(site, party["id"]) == {"77", "elsewhere"}
    made = connector("facilioo")
    assert made.contract.entities["parteien_mieter"].external_ids
    made.client.close()


def test_a_merged_party_is_verified_and_adopted_as_two_rows(site: Site) -> None:
    party, rows = merged(site)
    site.ledger("delete from sync.ledger where external_id in ('77', '78')")
    counts = {c.entity: c for c in adopt(site.home, connector("facilioo"), apply=True).counts}
    assert (counts["parteien_mieter"].by_external_id, counts["parteien_mieter"].to_create) == (2, 0)
    assert counts["vertraege_mieter"].differing == 0
    held = site.ledger("select remote_id from sync.ledger where external_id in ('77', '78')")
    assert held == [(str(party),)] * 2
    assert verify(site.home, connector("facilioo")).findings == ()
    before = len(site.sent("facilioo"))
    assert sum(line.created + line.undelivered for line in site.sync("facilioo", rows).values()) == 0
    assert len(site.sent("facilioo")) == before


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("location", "is_found_by"),
    [("/api/units/{id}?embed=entrance", "header"), ("https://elsewhere.example/api/units/{id}", "look-up")],
)
def test_a_unit_that_is_told_in_a_header_only_gets_the_id_of_its_record(
    site: Site, monkeypatch: pytest.MonkeyPatch, location: str, is_found_by: str
) -> None:
    create = Rest.create

    def without_body(rest: Rest, operation: Operation, body: dict[str, Any]) -> Answer:
        answer = create(rest, operation, body)
        if operation.entity.name != "einheiten":
            return answer
        headers = {"Location": location.replace("{id}", str(answer.body["id"]))}
        return dataclasses.replace(answer, body=None, headers=headers)

    monkeypatch.setattr(Rest, "create", without_body)
    assert sum(line.undelivered for line in site.sync("facilioo", FACILIOO).values()) == 0
    [unit] = site.sandbox.records("facilioo", "einheiten")
    held = site.ledger("select remote_id from sync.ledger where entity = 'einheiten'")
    assert held == [(str(unit["id"]),)]
    asked = any("/api/units/search" in line for line in site.sent("facilioo"))
    assert asked == (is_found_by == "look-up")


@pytest.mark.sampled
@pytest.mark.parametrize("odd", [False, [], {}, 1.5, "", "..", "a\nb", "x" * 256])
def test_an_answer_with_an_odd_id_is_looked_up(site: Site, monkeypatch: pytest.MonkeyPatch, odd: Any) -> None:
    create = Rest.create

    def with_odd_id(rest: Rest, operation: Operation, body: dict[str, Any]) -> Answer:
        answer = create(rest, operation, body)
        return dataclasses.replace(answer, body={**answer.body, "id": odd}) if answer.ok else answer

    monkeypatch.setattr(Rest, "create", with_odd_id)
    assert sum(line.undelivered for line in site.sync("kiwi", KIWI).values()) == 0
    ids = {r["id"] for name in KIWI for r in site.sandbox.records("kiwi", name)}
    assert {one for (one,) in site.ledger("select remote_id from sync.ledger")} == {str(i) for i in ids}


def test_an_id_that_the_partner_gave_to_another_row_before_is_not_taken(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.sync("etg24", {"objektgruppen": TWINS["objektgruppen"][:1]})
    [first] = site.sandbox.records("etg24", "objektgruppen")
    create = Rest.create

    def merging(rest: Rest, operation: Operation, body: dict[str, Any]) -> Answer:
        if operation.entity.name != "objektgruppen":
            return create(rest, operation, body)
        # A partner that takes equal titles for one group, and does not show whose it is.
        return Answer(200, {name: value for name, value in first.items() if name != "extId"}, {}, 1)

    monkeypatch.setattr(Rest, "create", merging)
    rows = copy.deepcopy(TWINS)
    rows["objektgruppen"].append({"external_id": "003", "title": "Am Park"})
    lines = site.sync("etg24", rows)
    assert (lines["objektgruppen"].rejected, lines["objekte"].blocked, lines["objekte"].created) == (2, 1, 1)
    held = (
        "select external_id, remote_id, reason from sync.ledger where entity = 'objektgruppen' order by all"
    )
    assert site.ledger(held) == [
        ("001", first["id"], None),
        ("002", None, "held_by_another"),
        ("003", None, "held_by_another"),
    ]


def test_an_id_that_children_cannot_name_is_looked_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    create = Rest.create

    def with_text(rest: Rest, operation: Operation, body: dict[str, Any]) -> Answer:
        answer = create(rest, operation, body)
        is_unit = operation.entity.name == "einheiten"
        return dataclasses.replace(answer, body={**answer.body, "id": "a/b"}) if is_unit else answer

    monkeypatch.setattr(Rest, "create", with_text)
    assert sum(line.undelivered for line in site.sync("facilioo", FACILIOO).values()) == 0
    [unit] = site.sandbox.records("facilioo", "einheiten")
    assert site.ledger("select remote_id from sync.ledger where entity = 'einheiten'") == [(str(unit["id"]),)]


def test_refusals_of_a_unique_number_end_the_entity_like_others(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience(monkeypatch, "facilioo", "0", "0")
    create, tried = Rest.create, []

    def refusing(rest: Rest, operation: Operation, body: dict[str, Any]) -> Answer:
        if operation.entity.name != "gebaeude":
            return create(rest, operation, body)
        tried.append(operation.external_id)
        return Answer(400, {"status": 400, "errors": {"number": ["The field is invalid."]}}, {}, 1)

    monkeypatch.setattr(Rest, "create", refusing)
    houses = [
        {**FACILIOO["gebaeude"][0], "external_id": f"001/1/{n:02}", "number": f"001/1/{n:02}"}
        for n in range(40)
    ]
    line = site.sync("facilioo", {"projekte": FACILIOO["projekte"], "gebaeude": houses})["gebaeude"]
    # 10 in the contract, and what was under way then
    assert 10 <= len(tried) <= 14
    assert (line.rejected, line.pending) == (len(tried), 40 - len(tried))


def test_a_record_found_late_is_kept_where_its_entity_was_given_up(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience(monkeypatch, "etg24", "0", "0")
    site.sandbox.set_option("etg24", "external_ids", "documented")
    create, is_odd = Rest.create, True

    def refusing(rest: Rest, operation: Operation, body: dict[str, Any]) -> Answer:
        if not is_odd or "extId" in body:
            return create(rest, operation, body)
        if operation.external_id == "000":
            create(rest, operation, body)
            return Answer(500, None, {}, 1, lost=True)
        return Answer(422, {"error": {"details": [{"field": "title", "message": "too odd"}]}}, {}, 1)

    monkeypatch.setattr(Rest, "create", refusing)
    rows = {"objektgruppen": [{"external_id": f"{n:03}", "title": f"Am Park {n}"} for n in range(40)]}
    site.sync("etg24", rows)
    held = "select reason, remote_id from sync.ledger where external_id = '000'"
    [first] = site.sandbox.records("etg24", "objektgruppen")
    assert site.ledger(held) == [("not_tried", first["id"])]
    is_odd = False
    assert site.sync("etg24", rows)["objektgruppen"].undelivered == 0
    assert len(site.sandbox.records("etg24", "objektgruppen")) == 40


def test_a_list_that_shows_our_id_counts_where_a_search_by_it_is_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience(monkeypatch, "etg24", "0", "0")
    ask = Rest._ask

    def without_search(rest: Rest, entity: Any, find: Any, *rest_of: Any) -> Answer:
        if find.query != "extId":
            return ask(rest, entity, find, *rest_of)
        return Answer(
            422, {"error": {"details": [{"field": "extId", "message": "unknown parameter"}]}}, {}, 1
        )

    monkeypatch.setattr(Rest, "_ask", without_search)
    lose(site, "etg24", "error_after_rate", "^POST /v1/object-groups$")
    rows = {"objektgruppen": [{"external_id": "001", "title": "Am Park"}]}
    for _ in range(2):
        site.sync("etg24", rows)
    [group] = site.sandbox.records("etg24", "objektgruppen")
    assert site.ledger("select state, remote_id from sync.ledger") == [("synced", group["id"])]
    assert posts(site, "etg24", "/v1/object-groups") == 1
