"""What a plan holds, for marts and ledgers written by hand."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest

from pipelines.contract.contract import load_contract
from pipelines.errors import BuildError
from pipelines.ledger.ledger import create_tables
from pipelines.plan.mart_columns import misfits
from pipelines.plan.plan import make_plan
from tests.push.marts import write_marts

TODAY = date(2026, 11, 21)
HOUSE: dict[str, list[dict[str, Any]]] = {
    "objektgruppen": [{"external_id": "001/1", "title": "Am Park"}],
    "objekte": [{"external_id": "001/1/01", "objektgruppen_external_id": "001/1", "title": "Haus 1"}],
    "einheiten": [
        {"external_id": "001/1/01/0002", "objekte_external_id": "001/1/01", "number": "0002", "area": "70"},
        {"external_id": "001/1/01/0001", "objekte_external_id": "001/1/01", "number": "0001", "area": "50"},
    ],
    "mietvertraege": [
        {
            "external_id": "001/1/01/0001/01",
            "einheiten_external_id": "001/1/01/0001",
            "contractType": "rental",
            "validFrom": "2020-01-01",
            "validTo": None,
        }
    ],
    "mieter": [
        {
            "external_id": "001/1/01/0001/01/77",
            "mietvertraege_external_id": "001/1/01/0001/01",
            "lastName": "Muster",
        }
    ],
}


@pytest.fixture
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        create_tables(connection)
        yield connection


def plan(db: duckdb.DuckDBPyConnection, partner: str = "etg24") -> list[dict[str, Any]]:
    make_plan(db, [load_contract(partner)], TODAY, "run")
    found = db.execute("select * from sync.plan order by seq")
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def confirm(db: duckdb.DuckDBPyConnection) -> None:
    """Lets the ledger say that everything planned has arrived."""
    db.execute(
        "insert into sync.ledger by name select partner, entity, id_space, external_id, 'r' || seq as remote_id,"
        " 'synced' as state, payload, refs, payload_hash, 'run' as last_run_id, now() as last_synced_at"
        " from sync.plan where operation = 'create'"
    )


def test_a_first_plan_creates_parents_before_children_and_rows_by_id(db: duckdb.DuckDBPyConnection) -> None:
    write_marts(db, "etg24", HOUSE)
    rows = plan(db)
    assert [(r["seq"], r["operation"], r["external_id"]) for r in rows] == [
        (1, "create", "001/1"),
        (2, "create", "001/1/01"),
        (3, "create", "001/1/01/0001"),
        (4, "create", "001/1/01/0002"),
        (5, "create", "001/1/01/0001/01"),
        (6, "create", "001/1/01/0001/01/77"),
    ]
    assert json.loads(rows[2]["payload"]) == {"number": "0001", "area": "50"}
    assert json.loads(rows[2]["parents"]) == [
        {"field": "objectId", "id_space": "objekte", "external_id": "001/1/01", "remote_id": None}
    ]


def test_unchanged_marts_plan_nothing(db: duckdb.DuckDBPyConnection) -> None:
    write_marts(db, "etg24", HOUSE)
    plan(db)
    confirm(db)
    assert plan(db) == []


def test_unchanged_rows_are_counted_though_nothing_is_compared(db: duckdb.DuckDBPyConnection) -> None:
    write_marts(db, "etg24", HOUSE)
    plan(db)
    confirm(db)
    db.execute("update partners.etg24__einheiten set area = '71' where number = '0002'")
    db.execute("insert into partners.etg24__objektgruppen values ('001/2', 'Am Tor')")
    made = make_plan(db, [load_contract("etg24")], TODAY, "run")
    counts = {
        c.entity: (c.in_mart, c.create, c.update, c.withdraw, c.unchanged) for c in made.counts if c.in_mart
    }
    assert counts == {
        "objektgruppen": (2, 1, 0, 0, 1),
        "objekte": (1, 0, 0, 0, 1),
        "einheiten": (2, 0, 1, 0, 1),
        "mietvertraege": (1, 0, 0, 0, 1),
        "mieter": (1, 0, 0, 0, 1),
    }


def test_an_id_that_a_mart_has_twice_is_not_made_again(db: duckdb.DuckDBPyConnection) -> None:
    """Tests of the mart keep such a partner back; one of the rows is what the partner has."""
    write_marts(db, "etg24", HOUSE)
    plan(db)
    confirm(db)
    db.execute(
        "insert into partners.etg24__einheiten select * replace ('71' as area) from partners.etg24__einheiten"
    )
    assert {row["operation"] for row in plan(db)} == {"update"}


@pytest.mark.parametrize(
    ("changed", "operation"),
    [
        ("state = 'withdrawn'", "update"),
        ("state = 'pending'", "update"),
        ("state = 'rejected', tries = 1, tried_hash = 'of other fields'", "update"),
        ("state = 'blocked'", "update"),
        ("remote_id = null", "create"),
        ("payload_hash = 'withheld'", "update"),
        ("payload_hash = null", "update"),
        ("entity = 'objekte', id_space = 'einheiten'", "update"),
    ],
)
def test_a_record_that_is_alike_but_not_confirmed_is_no_unchanged_one(
    db: duckdb.DuckDBPyConnection, changed: str, operation: str
) -> None:
    write_marts(db, "etg24", HOUSE)
    plan(db)
    confirm(db)
    db.execute(f"update sync.ledger set {changed} where external_id = '001/1/01/0002'")
    (row,) = plan(db)
    assert (row["operation"], row["external_id"]) == (operation, "001/1/01/0002")


def test_a_changed_row_plans_its_changed_fields_alone(db: duckdb.DuckDBPyConnection) -> None:
    write_marts(db, "etg24", HOUSE)
    plan(db)
    confirm(db)
    db.execute("update partners.etg24__einheiten set area = '71' where number = '0002'")
    (row,) = plan(db)
    assert (row["operation"], row["external_id"], row["changed_fields"], row["sends"]) == (
        "update",
        "001/1/01/0002",
        ["area"],
        True,
    )


def test_a_new_parent_is_a_changed_field(db: duckdb.DuckDBPyConnection) -> None:
    write_marts(db, "etg24", HOUSE)
    plan(db)
    confirm(db)
    db.execute("insert into partners.etg24__objektgruppen values ('001/2', 'Am Tor')")
    db.execute("update partners.etg24__objekte set objektgruppen_external_id = '001/2'")
    rows = plan(db)
    assert [(r["operation"], r["entity"], r["changed_fields"]) for r in rows] == [
        ("create", "objektgruppen", None),
        ("update", "objekte", ["objectGroupId"]),
    ]


def test_what_left_is_withdrawn_children_first_in_the_partners_way(db: duckdb.DuckDBPyConnection) -> None:
    write_marts(db, "etg24", HOUSE)
    plan(db)
    confirm(db)
    write_marts(
        db, "etg24", {name: rows for name, rows in HOUSE.items() if name not in ("mieter", "mietvertraege")}
    )
    rows = plan(db)
    assert [(r["entity"], r["operation"], r["sends"], r["payload"]) for r in rows] == [
        ("mieter", "withdraw", False, "{}"),
        ("mietvertraege", "withdraw", True, '{"validTo": "2026-11-21"}'),
    ]


def test_a_lease_that_has_ended_at_the_partner_needs_no_second_end(db: duckdb.DuckDBPyConnection) -> None:
    over = {**HOUSE, "mietvertraege": [{**HOUSE["mietvertraege"][0], "validTo": "2026-11-20"}]}
    write_marts(db, "etg24", over)
    plan(db)
    confirm(db)
    write_marts(
        db, "etg24", {name: rows for name, rows in HOUSE.items() if name not in ("mieter", "mietvertraege")}
    )
    assert [(r["entity"], r["sends"]) for r in plan(db)] == [("mieter", False), ("mietvertraege", False)]


def test_a_record_that_comes_back_is_taken_up_with_what_the_withdrawal_changed(
    db: duckdb.DuckDBPyConnection,
) -> None:
    write_marts(db, "etg24", HOUSE)
    plan(db)
    confirm(db)
    db.execute(
        "update sync.ledger set state = 'withdrawn',"
        " payload = json_merge_patch(payload, '{\"validTo\": \"2026-11-19\"}') where entity = 'mietvertraege'"
    )
    (row,) = plan(db)
    assert (row["operation"], row["changed_fields"], row["remote_id"]) == ("update", ["validTo"], "r5")


def test_a_row_that_never_arrived_and_left_the_mart_is_forgotten(db: duckdb.DuckDBPyConnection) -> None:
    write_marts(db, "etg24", HOUSE)
    db.execute(
        "insert into sync.ledger (partner, entity, id_space, external_id, state) values"
        " ('etg24', 'einheiten', 'einheiten', '001/1/01/0009', 'rejected')"
    )
    assert "001/1/01/0009" not in [row["external_id"] for row in plan(db)]
    assert db.execute("select count(*) from sync.ledger").fetchall() == [(0,)]


def test_a_rejected_row_is_given_up_after_three_runs_until_it_changes(db: duckdb.DuckDBPyConnection) -> None:
    write_marts(db, "etg24", {"objektgruppen": HOUSE["objektgruppen"]})
    (row,) = plan(db)
    db.execute(
        "insert into sync.ledger (partner, entity, id_space, external_id, state, tries, tried_hash) values"
        " ('etg24', 'objektgruppen', 'objektgruppen', '001/1', 'rejected', 3, ?)",
        [row["payload_hash"]],
    )
    assert plan(db) == []
    db.execute("update partners.etg24__objektgruppen set title = 'Am Park 2'")
    assert [r["operation"] for r in plan(db)] == ["create"]


def test_a_person_who_stops_renting_but_still_owns_stays_one_party(db: duckdb.DuckDBPyConnection) -> None:
    party = {"external_id": "77", "typeId": 7, "secondaryName": "Muster"}
    write_marts(db, "facilioo", {"parteien_mieter": [party]})
    plan(db, "facilioo")
    confirm(db)
    write_marts(db, "facilioo", {"parteien_eigentuemer": [party]})
    (row,) = plan(db, "facilioo")
    assert (row["entity"], row["operation"], row["remote_id"], row["sends"]) == (
        "parteien_eigentuemer",
        "update",
        "r1",
        False,
    )


def test_an_owner_names_all_units_and_a_unit_more_is_one_changed_field(db: duckdb.DuckDBPyConnection) -> None:
    units = [{"external_id": f"001/1/01/000{n}", "name": f"Wohnung {n}"} for n in (1, 2)]
    owner = {"external_id": "88", "unterobjekte_external_ids": ["001/1/01/0001"], "last_name": "Muster"}
    write_marts(db, "plentific", {"unterobjekte": units, "unterobjekte_vermieter": [owner]})
    plan(db, "plentific")
    confirm(db)
    owner["unterobjekte_external_ids"] = ["001/1/01/0001", "001/1/01/0002"]
    write_marts(db, "plentific", {"unterobjekte": units, "unterobjekte_vermieter": [owner]})
    (row,) = plan(db, "plentific")
    assert row["changed_fields"] == ["location_uuids"]
    assert [(p["external_id"], p["remote_id"]) for p in json.loads(row["parents"])] == [
        ("001/1/01/0001", "r1"),
        ("001/1/01/0002", "r2"),
    ]


def test_a_mart_without_its_reference_column_is_named(db: duckdb.DuckDBPyConnection) -> None:
    write_marts(db, "etg24", HOUSE)
    db.execute("alter table partners.etg24__objekte drop column objektgruppen_external_id")
    with pytest.raises(BuildError, match="etg24__objekte: the column objektgruppen_external_id is missing"):
        plan(db)


def test_the_digest_of_a_row_changes_with_what_is_sent(db: duckdb.DuckDBPyConnection) -> None:
    write_marts(db, "etg24", HOUSE)
    first = [row["digest"] for row in plan(db)]
    assert [row["digest"] for row in plan(db)] == first
    db.execute("update partners.etg24__objektgruppen set title = 'Anders'")
    assert plan(db)[0]["digest"] != first[0]


def test_a_row_that_was_given_up_goes_again_once_its_parent_has_changed(
    db: duckdb.DuckDBPyConnection,
) -> None:
    write_marts(db, "etg24", {name: HOUSE[name] for name in ("objektgruppen", "objekte")})
    group, house = plan(db)
    db.execute(
        "insert into sync.ledger (partner, entity, id_space, external_id, state, tries, tried_hash) values"
        " ('etg24', 'objekte', 'objekte', '001/1/01', 'rejected', 3, ?)",
        [house["payload_hash"]],
    )
    db.execute(
        "insert into sync.attempts (partner, entity, external_id, settled_at) values"
        " ('etg24', 'objekte', '001/1/01', now())"
    )
    assert [row["external_id"] for row in plan(db)] == ["001/1"]
    db.execute(
        "insert into sync.ledger by name select partner, entity, id_space, external_id, 'r' as remote_id,"
        " 'synced' as state, payload, refs, payload_hash, now() + interval 1 minute as last_synced_at from sync.plan"
    )
    assert [row["external_id"] for row in plan(db)] == ["001/1/01"]
    assert group["external_id"] == "001/1"


def test_a_row_with_several_parents_goes_again_once_one_of_them_has_changed(
    db: duckdb.DuckDBPyConnection,
) -> None:
    units = [{"external_id": f"001/1/01/000{n}", "name": f"Wohnung {n}"} for n in (1, 2)]
    owner = {
        "external_id": "88",
        "unterobjekte_external_ids": [unit["external_id"] for unit in units],
        "last_name": "Muster",
    }
    write_marts(db, "plentific", {"unterobjekte": units, "unterobjekte_vermieter": [owner]})
    plan(db, "plentific")
    confirm(db)
    db.execute(
        "update sync.ledger set state = 'rejected', remote_id = null, tries = 3, tried_hash = payload_hash"
        " where external_id = '88'"
    )
    db.execute(
        "insert into sync.attempts (partner, entity, external_id, settled_at)"
        " select partner, entity, external_id, now() + interval 1 minute from sync.ledger where external_id = '88'"
    )
    assert plan(db, "plentific") == []
    db.execute(
        "update sync.ledger set last_synced_at = now() + interval 2 minutes where external_id = '001/1/01/0002'"
    )
    assert [row["external_id"] for row in plan(db, "plentific")] == ["88"]


def test_a_column_that_the_contract_does_not_know_is_refused_by_name(db: duckdb.DuckDBPyConnection) -> None:
    write_marts(db, "etg24", HOUSE)
    db.execute("alter table partners.etg24__einheiten add column zimmer integer")
    with pytest.raises(
        BuildError, match="etg24__einheiten: the contract does not know the column zimmer"
    ) as told:
        plan(db)
    assert "take it out of the model or add it to partners/etg24/contract.yaml" in str(told.value)
    assert misfits(db, load_contract("etg24")) == str(told.value)


def test_a_field_within_an_address_that_the_contract_does_not_know_is_refused(
    db: duckdb.DuckDBPyConnection,
) -> None:
    address = {"street": "Parkstr.", "houseNumber": "1", "postalCode": "01067", "town": "Dresden"}
    row = {"external_id": "001/1/01", "objekte_external_id": "001/1/01", "address": address}
    write_marts(db, "etg24", {"objekt_adressen": [row]})
    with pytest.raises(BuildError, match=r"etg24__objekt_adressen: .* the column address\.town"):
        plan(db)


def test_a_mart_without_a_column_that_the_partner_requires_does_not_fit(
    db: duckdb.DuckDBPyConnection,
) -> None:
    write_marts(db, "etg24", HOUSE)
    db.execute("alter table partners.etg24__objektgruppen rename title to position")
    db.execute("alter table partners.etg24__objektgruppen drop position")
    assert "etg24__objektgruppen: etg24 requires title" in str(misfits(db, load_contract("etg24")))
