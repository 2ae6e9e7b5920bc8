"""EverReal over real HTTP: upserts in GraphQL, tokens that are refreshed, links that are cut, several in a request."""

import copy
import json
from typing import Any

import duckdb
import pytest
from graphql import FieldNode, OperationDefinitionNode, parse, validate
from graphql.execution.values import get_variable_values

from pipelines.api.connector import connector
from pipelines.api.protocols.protocol import Operation
from pipelines.contract.contract import load_contract
from pipelines.ledger.ledger import open_database
from pipelines.plan.rows import plan_lines
from pipelines.push import push as engine
from pipelines.readback.adopt import AdoptionCounts, adopt
from pipelines.readback.verify import repair, verify
from tests.push.marts import write_marts
from tests.push.site import TODAY, Rows, Site

CONTRACT = load_contract("everreal")
TOKEN = "/accounts/oauth/token"
GRAPHQL = "/api/reporting/graphql"
META = {"source": "stammdaten"}
ADDRESS = {
    "streetName": "Parkstr.",
    "streetNumber": "1a",
    "zipCode": "01067",
    "city": "Dresden",
    "country": "DE",
}


def flat(number: int, owner: str | None) -> dict[str, Any]:
    return {
        "external_id": f"001/1/01/000{number}",
        "objekte_external_id": "001/1/01",
        "eigentuemer_external_id": owner,
        "meta": META,
        "externalOwnerId": owner or "BESTAND",
        "name": f"Wohnung {number}",
        "category": "RESIDENTIAL",
        "type": "APARTMENT",
        "subtype": "NO_INFORMATION",
        "floorNo": number,
        "mainStorage": True,
        "financingType": "PRIVATELY_FINANCED",
        "targetRent": 512.35,
        "rooms": {"rooms": 2.5},
    }


def tenant(number: int, person: str, first: str) -> dict[str, Any]:
    return {
        "external_id": f"001/1/01/000{number}/01/{person}",
        "einheiten_external_id": f"001/1/01/000{number}",
        "meta": META,
        "firstName": first,
        "lastName": "Muster",
        "additionalTenants": [
            {"externalId": f"001/1/01/000{number}/01/9{person}", "firstName": "Eva", "lastName": "Muster"}
        ],
        "coldRent": f"45{number}.20",
        "contractStartDate": "2020-02-01",
        "contractEndDate": None,
    }


EVERREAL: Rows = {
    "eigentuemer": [
        {
            "external_id": "80",
            "meta": META,
            "firstName": "Dora",
            "lastName": "Muster",
            "email": "dora@example.org",
        }
    ],
    "objektgruppen": [{"external_id": "001/1", "name": "Am Park"}],
    "objekte": [
        {
            "external_id": "001/1/01",
            "objektgruppen_external_id": "001/1",
            "meta": META,
            "name": "Parkstr. 1a",
            "address": ADDRESS,
            "type": "BUILDING",
            "subtype": "BUILDING",
            "category": "RESIDENTIAL_AND_COMMERCIAL",
            "ownershipType": "MULTIPLE",
            "yearBuilt": 1928,
        }
    ],
    "einheiten": [flat(1, "80"), flat(2, None)],
    "mieter": [tenant(1, "77", "Ada"), tenant(2, "78", "Ben")],
}


@pytest.fixture(autouse=True)
def at_full_speed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the limit of 300 requests a minute; the default owner is there, bodies are kept."""
    monkeypatch.setenv("DESTINATION__EVERREAL__PER_MINUTE", "1000000")
    site.sandbox.set_options(
        {"everreal.per_minute": "0", "everreal.default_owner": "BESTAND", "everreal.log_bodies": "yes"}
    )


def requests(site: Site, since: int = 0) -> list[dict[str, Any]]:
    """Bodies of the GraphQL requests."""
    found = site.sandbox.requests("everreal")[since:]
    return [json.loads(r.body or "") for r in found if r.path == GRAPHQL]


def mutations(site: Site, since: int = 0) -> list[str]:
    """The fields of Mutation that were asked for, in order."""
    return [
        field.name.value
        for body in requests(site, since)
        for operation in operations(body)
        if operation.operation.value == "mutation"
        for field in operation.selection_set.selections
        if isinstance(field, FieldNode)
    ]


def operations(body: dict[str, Any]) -> list[OperationDefinitionNode]:
    found = parse(body["query"]).definitions
    return [definition for definition in found if isinstance(definition, OperationDefinitionNode)]


def records(site: Site, entity: str) -> dict[str, Any]:
    name = CONTRACT.entities[entity].external_id or ""
    return {record[name]: record for record in site.sandbox.records("everreal", entity)}


def logins(site: Site) -> list[str]:
    found = site.sandbox.requests("everreal")
    return [f"{json.loads(r.body or '')['grant_type']} {r.status}" for r in found if r.path == TOKEN]


def changed(entity: str, place: int, **fields: Any) -> Rows:
    rows = copy.deepcopy(EVERREAL)
    rows[entity][place] |= fields
    return rows


def seen_there(site: Site) -> list[tuple[str, str, str | None]]:
    """What a read-back finds: kind, entity and our id."""
    found = verify(site.home, connector("everreal")).findings
    return sorted((f.kind, f.entity, f.external_id) for f in found)


def forget_ledger(site: Site) -> None:
    with duckdb.connect(str(site.home / "stammdaten.duckdb")) as db:
        db.execute("delete from sync.ledger")


def test_everything_arrives_parents_first_with_one_login(site: Site) -> None:
    lines = site.sync("everreal", EVERREAL)
    assert {name: line.created for name, line in lines.items()} == {
        name: len(rows) for name, rows in EVERREAL.items()
    }
    assert sum(line.undelivered for line in lines.values()) == 0
    sent = mutations(site)
    assert sorted(sent[:2]) == ["upsertOwner", "upsertPropertyGroup"]
    assert sent[2:] == ["upsertProperty", "upsertUnit", "upsertUnit", "upsertTenant", "upsertTenant"]
    assert logins(site) == ["password 200"]
    unit = records(site, "einheiten")["001/1/01/0002"]
    assert (unit["externalOwnerId"], unit["externalPropertyId"]) == ("BESTAND", "001/1/01")
    assert unit["leasingStatusesEnum"] == ["LEASED"]


def test_every_request_fits_the_schema_with_all_values_as_variables(site: Site) -> None:
    site.sync("everreal", EVERREAL)
    site.sync("everreal", {**EVERREAL, "mieter": EVERREAL["mieter"][:1]})
    verify(site.home, connector("everreal"))
    schema = CONTRACT.sdl.schema if CONTRACT.sdl else None
    assert schema
    sent = requests(site)
    assert len(sent) >= 13
    for body in sent:
        document = parse(body["query"])
        assert validate(schema, document) == []
        [operation] = operations(body)
        taken = get_variable_values(schema, operation.variable_definitions, body["variables"])
        assert not isinstance(taken, list), taken
        assert "Muster" not in body["query"]
        assert "001/1" not in body["query"]


def test_a_tenant_is_sent_with_its_contract_and_the_partners_ids_are_ours(site: Site) -> None:
    site.sync("everreal", EVERREAL)
    (sent,) = [
        value
        for body in requests(site)
        for value in body["variables"].values()
        if isinstance(value, dict) and value.get("externalTenantId") == "001/1/01/0001/01/77"
    ]
    assert sent == {
        "externalTenantId": "001/1/01/0001/01/77",
        "externalUnitId": "001/1/01/0001",
        "meta": META,
        "firstName": "Ada",
        "lastName": "Muster",
        "additionalTenants": [
            {"externalId": "001/1/01/0001/01/977", "firstName": "Eva", "lastName": "Muster"}
        ],
        "coldRent": "451.20",
        "contractStartDate": "2020-02-01",
    }


@pytest.mark.slow
def test_a_second_run_sends_nothing(site: Site) -> None:
    site.sync("everreal", EVERREAL)
    before = site.sent("everreal")
    lines = site.sync("everreal", EVERREAL)
    assert site.sent("everreal") == before
    assert sum(line.unchanged for line in lines.values()) == 7


def test_a_changed_field_goes_with_the_whole_record(site: Site) -> None:
    site.sync("everreal", EVERREAL)
    before = len(site.sandbox.requests("everreal"))
    lines = site.sync("everreal", changed("einheiten", 0, floorNo=7))
    assert lines["einheiten"].updated == 1
    (body,) = requests(site, before)
    (sent,) = body["variables"].values()
    assert (sent["floorNo"], sent["externalUnitId"], sent["name"]) == (7, "001/1/01/0001", "Wohnung 1")
    assert records(site, "einheiten")["001/1/01/0001"]["floorNo"] == 7


def test_a_new_owner_of_a_unit_is_one_changed_field(site: Site) -> None:
    site.sync("everreal", EVERREAL)
    rows = changed("einheiten", 1, eigentuemer_external_id="80", externalOwnerId="80")
    with open_database(site.home) as db:
        write_marts(db, "everreal", rows)
    engine.plan(site.home, ["everreal"], TODAY)
    planned = site.ledger("select operation, external_id, changed_fields from sync.plan where sends")
    assert planned == [("update", "001/1/01/0002", ["externalOwnerId"])]
    site.sync("everreal", rows)
    assert records(site, "einheiten")["001/1/01/0002"]["externalOwnerId"] == "80"


def test_what_leaves_is_detached_children_first_and_groups_stay(site: Site) -> None:
    site.sync("everreal", EVERREAL)
    before = len(site.sandbox.requests("everreal"))
    lines = site.sync("everreal", {**{name: [] for name in EVERREAL}, "eigentuemer": EVERREAL["eigentuemer"]})
    assert {name: line.withdrawn for name, line in lines.items()} == {
        "eigentuemer": 0,
        "objektgruppen": 1,
        "objekte": 1,
        "einheiten": 2,
        "mieter": 2,
    }
    made = mutations(site, before)
    assert sorted(made[:4]) == ["deleteTenant", "deleteTenant", "upsertTenant", "upsertTenant"]
    assert made[4:] == [
        "deleteUnit",
        "deleteUnit",
        "deleteProperty",
    ]
    assert site.sandbox.deletions("everreal") == []
    assert {record["detached"] for record in records(site, "einheiten").values()} == {True}
    assert not records(site, "objektgruppen")["001/1"].get("detached")


def test_a_lease_that_ended_gets_its_end_before_it_is_cut_from_us(site: Site) -> None:
    site.sync("everreal", EVERREAL)
    rows = {**EVERREAL, "mieter": EVERREAL["mieter"][:1]}
    with open_database(site.home) as db:
        write_marts(db, "everreal", rows)
    plan = engine.plan(site.home, ["everreal"], TODAY)
    [line] = plan_lines(site.home, plan.plan_id, show_personal_data=True)
    assert (line["operation"], line["external_id"]) == ("withdraw", "001/1/01/0002/01/78")
    assert line["fields"] == [{"field": "contractEndDate", "old": "null", "new": '"2026-11-21"'}]
    before = len(site.sandbox.requests("everreal"))
    site.sync("everreal", rows)
    assert mutations(site, before) == ["upsertTenant", "deleteTenant"]
    left = records(site, "mieter")["001/1/01/0002/01/78"]
    assert (left["contractEndDate"], left["coldRent"], left["detached"]) == ("2026-11-21", "452.20", True)
    before = len(site.sandbox.requests("everreal"))
    site.sync("everreal", rows)
    assert requests(site, before) == []


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("begin", "departure", "end"),
    [
        ("2020-02-01", "'2020-02-01', '2026-09-30'", "2026-09-30"),
        ("2020-02-01", "'2020-02-01', '2019-12-31'", "2026-11-21"),  # no end of this lease
        ("2027-02-01", "'2027-02-01', null", "2027-02-01"),  # cancelled before it began
    ],
)
def test_the_end_before_the_cut_is_that_of_the_erp(site: Site, begin: str, departure: str, end: str) -> None:
    rows = changed("mieter", 1, contractStartDate=begin)
    site.sync("everreal", rows)
    with open_database(site.home) as db:
        db.execute(
            # In whatever order the columns of the model stand.
            "create table partners.everreal__departures (entity varchar, external_id varchar, begins_on date,"
            " ends_on date, is_gone boolean)"
        )
        db.execute(
            "insert into partners.everreal__departures"
            f" values ('mieter', '001/1/01/0002/01/78', {departure}, true)"
        )
    before = len(site.sandbox.requests("everreal"))
    site.sync("everreal", {**rows, "mieter": rows["mieter"][:1]})
    assert mutations(site, before) == ["upsertTenant", "deleteTenant"]
    left = records(site, "mieter")["001/1/01/0002/01/78"]
    assert (left["contractEndDate"], left["detached"]) == (end, True)


def test_an_end_that_everreal_holds_stays_and_a_coming_one_is_replaced(site: Site) -> None:
    rows = changed("mieter", 0, contractEndDate="2026-10-31")
    rows["mieter"][1]["contractEndDate"] = "2027-01-31"
    site.sync("everreal", rows)
    before = len(site.sandbox.requests("everreal"))
    site.sync("everreal", {**EVERREAL, "mieter": []})
    assert sorted(mutations(site, before)) == ["deleteTenant", "deleteTenant", "upsertTenant"]
    ends = {key: record["contractEndDate"] for key, record in records(site, "mieter").items()}
    assert ends == {"001/1/01/0001/01/77": "2026-10-31", "001/1/01/0002/01/78": "2026-11-21"}


@pytest.mark.sampled
@pytest.mark.parametrize(("lists", "again"), [("shown", ["upsertTenant", "deleteTenant"]), ("hidden", [])])
def test_a_withdrawal_whose_outcome_was_lost_makes_no_second_tenant(
    site: Site, lists: str, again: list[str]
) -> None:
    site.sandbox.set_option("everreal", "detached", lists)
    site.sync("everreal", EVERREAL)
    # As after a kill: cut at the partner, and the ledger does not know.
    operation = Operation(
        1, CONTRACT.entities["mieter"], "withdraw", "001/1/01/0002/01/78", None, {}, {}, {}, (), True
    )
    assert connector("everreal").protocol.remove(operation).ok
    before = len(site.sandbox.requests("everreal"))
    lines = site.sync("everreal", {**EVERREAL, "mieter": EVERREAL["mieter"][:1]})
    # Where the tenant is not found any more, an upsert would make a second one.
    assert (lines["mieter"].withdrawn, mutations(site, before)) == (1, again)
    assert [r.get("detached") for r in records(site, "mieter").values()].count(True) == 1
    assert len(records(site, "mieter")) == 2


def test_what_returns_is_linked_again(site: Site) -> None:
    site.sync("everreal", EVERREAL)
    site.sync("everreal", {**EVERREAL, "mieter": EVERREAL["mieter"][:1]})
    assert records(site, "mieter")["001/1/01/0002/01/78"]["detached"] is True
    lines = site.sync("everreal", EVERREAL)
    assert sum(line.undelivered + line.created for line in lines.values()) == 0
    assert records(site, "mieter")["001/1/01/0002/01/78"]["detached"] is False
    assert len(records(site, "mieter")) == 2


def test_a_refused_owner_blocks_its_unit_and_tenant_until_it_is_accepted(site: Site) -> None:
    site.sandbox.set_options({"everreal.reject_pattern": "dora@", "everreal.reject_field": "email"})
    lines = site.sync("everreal", EVERREAL)
    assert (lines["eigentuemer"].rejected, lines["einheiten"].blocked, lines["mieter"].blocked) == (1, 1, 1)
    assert (lines["einheiten"].created, lines["mieter"].created) == (1, 1)
    assert site.ledger("select fields from sync.ledger where state = 'rejected'") == [("email",)]
    site.sandbox.set_option("everreal", "reject_pattern", "")
    healed = site.sync("everreal", changed("eigentuemer", 0, lastName="Neu"))
    assert sum(line.undelivered for line in healed.values()) == 0
    assert records(site, "einheiten")["001/1/01/0001"]["externalOwnerId"] == "80"


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("rows", "reason", "field"),
    [
        (changed("einheiten", 1, externalOwnerId="NIEMAND"), "unknown_parent", "externalOwnerId"),
        (changed("einheiten", 1, category="CASTLE"), "invalid_field", None),
        (changed("mieter", 1, lastName=None), "missing_field", "lastName"),
        (changed("mieter", 1, coldRent="452,20"), "invalid_field", "coldRent"),
    ],
)
def test_a_refusal_costs_its_row_only_and_says_why(
    site: Site, rows: Rows, reason: str, field: str | None
) -> None:
    lines = site.sync("everreal", rows)
    assert sum(line.rejected for line in lines.values()) == 1
    (found,) = site.ledger("select reason, fields from sync.ledger where state = 'rejected'")
    assert found[0] == reason
    assert field is None or found[1] == field


@pytest.mark.slow
def test_a_lost_answer_is_asked_for_again_and_makes_one_record(site: Site) -> None:
    site.sandbox.set_options(
        {"everreal.fault_on": GRAPHQL, "everreal.cut_after_rate": "100", "everreal.fault_limit": "1"}
    )
    lines = site.sync("everreal", EVERREAL)
    assert sum(line.undelivered for line in lines.values()) == 0
    assert {name: len(records(site, name)) for name in ("objekte", "einheiten", "mieter")} == {
        "objekte": 1,
        "einheiten": 2,
        "mieter": 2,
    }
    assert len(mutations(site)) == 8


@pytest.mark.slow
def test_a_token_that_runs_out_is_refreshed_without_the_password(site: Site) -> None:
    site.sandbox.set_option("everreal", "token_requests", "3")
    lines = site.sync("everreal", EVERREAL)
    assert sum(line.undelivered for line in lines.values()) == 0
    assert logins(site)[0] == "password 200"
    assert len(logins(site)) > 1
    assert set(logins(site)[1:]) == {"refresh_token 200"}


def test_a_refused_refresh_token_is_followed_by_user_and_password(site: Site) -> None:
    site.sandbox.set_options({"everreal.token_requests": "3", "everreal.refresh_seconds": "0"})
    lines = site.sync("everreal", EVERREAL)
    assert sum(line.undelivered for line in lines.values()) == 0
    assert logins(site)[:3] == ["password 200", "refresh_token 403", "password 200"]


def test_a_refused_password_stops_the_partner_without_telling_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__EVERREAL__PASSWORD", "geheim-17")
    lines = site.sync("everreal", EVERREAL)
    assert sum(line.created for line in lines.values()) == 0
    assert "the login answered 403" in str(site.stopped)
    held = b"".join(path.read_bytes() for path in site.home.rglob("*") if path.is_file())
    assert b"geheim-17" not in held


@pytest.mark.slow
def test_neither_password_nor_token_stands_in_the_journal_or_the_database(site: Site) -> None:
    site.sync("everreal", EVERREAL)
    held = b"".join(path.read_bytes() for path in site.home.rglob("*") if path.is_file())
    assert b"sandbox-everreal" not in held
    assert b"eyJ" not in held


def test_what_is_there_under_our_ids_is_adopted(site: Site) -> None:
    site.sync("everreal", EVERREAL)
    forget_ledger(site)
    found: dict[str, AdoptionCounts] = {
        line.entity: line for line in adopt(site.home, connector("everreal"), apply=True).counts
    }
    assert {name: (c.by_external_id, c.to_create) for name, c in found.items()} == {
        name: (len(rows), 0) for name, rows in EVERREAL.items()
    }
    before = len(site.sandbox.requests("everreal"))
    site.sync("everreal", changed("mieter", 0, coldRent="460.00"))
    assert mutations(site, before) == ["upsertTenant"]


@pytest.mark.slow
def test_a_changed_record_is_found_and_mended(site: Site) -> None:
    site.sync("everreal", EVERREAL)
    default_owner = [("unknown", "eigentuemer", "BESTAND")]
    assert seen_there(site) == default_owner
    changed_there = site.sandbox.tamper("everreal", "objektgruppen", seed=1, changed=1)
    assert changed_there
    assert seen_there(site) == [("changed", "objektgruppen", "001/1"), *default_owner]
    repair(site.home, CONTRACT, verify(site.home, connector("everreal")).findings)
    with open_database(site.home) as db:
        write_marts(db, "everreal", EVERREAL)
    site.sync("everreal", EVERREAL)
    assert seen_there(site) == default_owner


def many(number: int) -> Rows:
    rows = copy.deepcopy(EVERREAL)
    rows["einheiten"] = [{**flat(1, "80"), "external_id": f"001/1/01/{n:04}"} for n in range(number)]
    rows["mieter"] = []
    return rows


@pytest.mark.sampled
@pytest.mark.parametrize(("batch", "requests_"), [(1, 26), (10, 5), (25, 3)])
def test_several_records_go_in_one_request_where_that_is_set(
    site: Site, monkeypatch: pytest.MonkeyPatch, batch: int, requests_: int
) -> None:
    monkeypatch.setenv("DESTINATION__EVERREAL__BATCH", str(batch))
    lines = site.sync("everreal", many(23))
    assert sum(line.undelivered for line in lines.values()) == 0
    assert len(records(site, "einheiten")) == 23
    assert len(requests(site)) == requests_


def test_a_bad_row_in_a_batch_costs_itself_only(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESTINATION__EVERREAL__BATCH", "10")
    rows = many(7)
    rows["einheiten"][3]["externalOwnerId"] = "NIEMAND"
    rows["einheiten"][3]["eigentuemer_external_id"] = None
    lines = site.sync("everreal", rows)
    assert (lines["einheiten"].created, lines["einheiten"].rejected) == (6, 1)
    assert site.ledger("select external_id, reason from sync.ledger where state = 'rejected'") == [
        ("001/1/01/0003", "unknown_parent")
    ]


def test_a_property_made_by_hand_is_adopted_by_name_and_address_and_gets_our_id(site: Site) -> None:
    site.sync("everreal", EVERREAL)
    site.sandbox.tamper("everreal", "objekte", seed=1, added=2)
    (by_hand,) = [
        record for record in site.sandbox.records("everreal", "objekte") if not record["externalPropertyId"]
    ]
    rows = copy.deepcopy(EVERREAL)
    same = {name: by_hand[name] for name in ("name", "address")}
    rows["objekte"].append({**rows["objekte"][0], **same, "external_id": "001/1/02"})
    with open_database(site.home) as db:
        write_marts(db, "everreal", rows)
    found = {line.entity: line for line in adopt(site.home, connector("everreal"), apply=True).counts}
    assert found["objekte"].by_natural_key == 1
    before = len(site.sandbox.requests("everreal"))
    site.sync("everreal", rows)
    (body,) = requests(site, before)
    (sent,) = body["variables"].values()
    assert (sent["id"], sent["externalPropertyId"]) == (by_hand["id"], "001/1/02")
    assert records(site, "objekte")["001/1/02"]["id"] == by_hand["id"]
