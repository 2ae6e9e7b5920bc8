"""How outcomes move the ledger."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.api.outcome import Outcome
from pipelines.contract.contract import load_contract
from pipelines.database import connect
from pipelines.errors import StammdatenError
from pipelines.ledger.journal import Journal
from pipelines.ledger.ledger import create_tables, fold, open_database, retry_withheld
from pipelines.plan.plan import make_plan
from pipelines.push.destination import plan_rows
from pipelines.push.result_table import withheld_notes
from tests.push.marts import write_marts

GROUPS = [{"external_id": f"001/{n}", "title": f"WE {n}"} for n in range(1, 4)]


@pytest.fixture
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        create_tables(connection)
        write_marts(connection, "etg24", {"objektgruppen": GROUPS})
        yield connection


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path / "journal.sqlite")
    yield made
    made.close()


def planned(db: duckdb.DuckDBPyConnection) -> str:
    return make_plan(db, [load_contract("etg24")], date(2026, 11, 21), "run").plan_id


def settle(journal: Journal, plan_id: str, seq: int, external_id: str, outcome: Outcome) -> None:
    journal.intend(plan_id, "etg24", [seq])
    journal.settle(plan_id, seq, "etg24", "objektgruppen", external_id, outcome)


def ledger(db: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    return {
        row[0]: row[1:]
        for row in db.execute(
            "select external_id, state, reason, remote_id, payload, payload_hash is null, tries from sync.ledger"
        ).fetchall()
    }


def test_only_a_confirmed_send_moves_what_the_partner_holds(
    db: duckdb.DuckDBPyConnection, journal: Journal
) -> None:
    plan_id = planned(db)
    settle(journal, plan_id, 1, "001/1", Outcome("synced", remote_id="a"))
    settle(journal, plan_id, 2, "001/2", Outcome("rejected", "invalid_field", fields=("title",)))
    settle(journal, plan_id, 3, "001/3", Outcome("pending", "server_error"))
    assert fold(db, journal) == 3
    assert ledger(db) == {
        "001/1": ("synced", None, "a", '{"title":"WE 1"}', False, 0),
        "001/2": ("rejected", "invalid_field", None, None, True, 1),
        "001/3": ("pending", "server_error", None, None, True, 1),
    }


def test_folding_the_same_outcomes_twice_changes_nothing(
    db: duckdb.DuckDBPyConnection, journal: Journal, tmp_path: Path
) -> None:
    plan_id = planned(db)
    settle(journal, plan_id, 2, "001/2", Outcome("rejected", "invalid_field"))
    fold(db, journal)
    # A run that died after the commit and before the journal was cleared leaves the outcome in it.
    settle(journal, plan_id, 2, "001/2", Outcome("rejected", "invalid_field"))
    fold(db, journal)
    assert ledger(db)["001/2"][5] == 1
    assert db.execute("select count(*) from sync.attempts").fetchall() == [(1,)]


def test_a_failed_update_keeps_what_was_confirmed(db: duckdb.DuckDBPyConnection, journal: Journal) -> None:
    settle(journal, planned(db), 1, "001/1", Outcome("synced", remote_id="a"))
    fold(db, journal)
    db.execute("update partners.etg24__objektgruppen set title = 'Neu' where external_id = '001/1'")
    db.execute("delete from partners.etg24__objektgruppen where external_id <> '001/1'")
    settle(journal, planned(db), 1, "001/1", Outcome("pending", "no_answer"))
    fold(db, journal)
    assert ledger(db)["001/1"] == ("pending", "no_answer", "a", '{"title":"WE 1"}', False, 1)


def test_a_record_that_vanished_at_the_partner_is_created_again(
    db: duckdb.DuckDBPyConnection, journal: Journal
) -> None:
    db.execute("delete from partners.etg24__objektgruppen where external_id <> '001/1'")
    settle(journal, planned(db), 1, "001/1", Outcome("synced", remote_id="a"))
    fold(db, journal)
    db.execute("update partners.etg24__objektgruppen set title = 'Neu'")
    settle(journal, planned(db), 1, "001/1", Outcome("pending", "missing_at_partner"))
    fold(db, journal)
    planned(db)
    assert db.execute("select operation from sync.plan").fetchall() == [("create",)]


def test_what_is_in_doubt_survives_the_fold(db: duckdb.DuckDBPyConnection, journal: Journal) -> None:
    plan_id = planned(db)
    journal.intend(plan_id, "etg24", [1, 2])
    journal.settle(plan_id, 1, "etg24", "objektgruppen", "001/1", Outcome("synced", remote_id="a"))
    assert journal.in_doubt() == {"etg24": [(plan_id, 2)]}
    fold(db, journal)
    assert journal.in_doubt() == {"etg24": [(plan_id, 2)]}
    assert journal.remote_id("etg24", "objektgruppen", "001/1") is None


HELD = {"remote_id": "a", "payload": '{"title":"WE 1","aktiv":true}', "payload_hash": "held", "tries": 2}
NOTHING = {"remote_id": None, "payload": None, "payload_hash": None}


@pytest.mark.parametrize(
    ("outcome", "moved"),
    [
        (
            Outcome("synced"),
            {"payload": '{"aktiv":null}', "payload_hash": "new", "tries": 0, "last_run_id": "run"},
        ),
        (Outcome("synced", remote_id="b"), {"remote_id": "b", "payload_hash": "new", "tries": 0}),
        (Outcome("withdrawn", "deleted"), {**NOTHING, "tries": 0, "last_run_id": "run"}),
        (
            Outcome("withdrawn", "detached"),
            {"payload": '{"title":"WE 1"}', "payload_hash": "held", "tries": 0, "last_run_id": "run"},
        ),
        (Outcome("withdrawn", "ended"), {"payload": '{"title":"WE 1"}', "payload_hash": "held", "tries": 0}),
        (Outcome("pending", "missing_at_partner"), {**NOTHING, "tries": 2, "last_run_id": "before"}),
        (Outcome("pending", "no_answer"), {**HELD, "tries": 3, "last_run_id": "before"}),
        (Outcome("pending", "interrupted", "b"), {**HELD, "remote_id": "b", "tries": 3}),
        (Outcome("rejected", "invalid_field", fields=("title",)), {**HELD, "fields": "title", "tries": 3}),
        (Outcome("blocked", "parent_missing"), {**HELD, "tries": 3, "last_run_id": "before"}),
    ],
    ids=lambda value: f"{value.state} {value.reason} {value.remote_id}" if isinstance(value, Outcome) else "",
)
@pytest.mark.parametrize("tried_hash", ["new", "other"])
def test_each_outcome_moves_a_held_record_in_its_way(
    db: duckdb.DuckDBPyConnection, journal: Journal, outcome: Outcome, moved: dict[str, Any], tried_hash: str
) -> None:
    db.execute(
        "insert into sync.ledger by name select 'etg24' as partner, 'objektgruppen' as entity,"
        " 'objektgruppen' as id_space, '001/1' as external_id, 'synced' as state, ? as tried_hash,"
        " 'before' as last_run_id, ? as remote_id, ? as payload, ? as payload_hash, ? as tries",
        [tried_hash, *HELD.values()],
    )
    plan_id = planned(db)
    db.execute(
        "update sync.plan set payload_hash = 'new', payload = '{\"aktiv\":null}' where external_id = '001/1'"
    )
    settle(journal, plan_id, 1, "001/1", outcome)
    fold(db, journal)
    columns = ", ".join(["state", "reason", *moved])
    found = db.execute(f"select {columns} from sync.ledger where external_id = '001/1'").fetchall()
    if moved.get("tries") == 3 and tried_hash == "other":  # a first refusal of these values
        moved = {**moved, "tries": 1}
    assert found == [(outcome.state, outcome.reason, *moved.values())]


@pytest.mark.slow
def test_records_too_large_for_little_memory_are_folded_all_the_same(
    db: duckdb.DuckDBPyConnection, journal: Journal
) -> None:
    db.execute("delete from partners.etg24__objektgruppen")
    db.execute(
        "insert into partners.etg24__objektgruppen by name"
        " select '001/' || n as external_id, repeat('Ä', 20_000) as title from range(2_000) as r (n)"
    )
    plan_id = planned(db)
    for seq, external_id in db.execute("select seq, external_id from sync.plan").fetchall():
        journal.settle(
            plan_id, seq, "etg24", "objektgruppen", external_id, Outcome("synced", remote_id=external_id)
        )
    assert fold(db, journal) == 2_000
    assert db.execute("select count(*), min(length(payload)) > 20_000 from sync.ledger").fetchall() == [
        (2_000, True)
    ]
    assert db.execute("select current_setting('memory_limit')").fetchall() == [("2.7 GiB",)]


# One value of all rows cannot be laid down on the disk; an order of all rows is.
GATHERED = "select list(md5(n::varchar)) from range(3_000_000) as r (n)"
SORTED = """
select sum(place)
from (select row_number() over (order by md5(n::varchar)) as place from range(2_000_000) as r (n))
"""


def _keep_and(home: Path, sql: str) -> None:
    with open_database(home) as db:
        db.execute("set max_temp_directory_size = '1MB'; create table kept as select 1 as n")
        db.execute(sql).fetchall()


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        (GATHERED, r"STAMMDATEN_MEMORY allows \(30MB\); set it higher"),
        (
            SORTED,
            r"no room is left on the disk \(STAMMDATEN_HOME, .*STAMMDATEN_MEMORY \(30MB\) is laid down there",
        ),
    ],
    ids=["memory", "disk"],
)
def test_where_memory_or_its_place_on_the_disk_is_too_little_the_remedy_is_named_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: str, said: str
) -> None:
    monkeypatch.setenv("STAMMDATEN_MEMORY", "30MB")
    with pytest.raises(StammdatenError, match=said):
        _keep_and(tmp_path, sql)
    monkeypatch.delenv("STAMMDATEN_MEMORY")
    with open_database(tmp_path) as db:
        assert db.execute("select n from kept").fetchall() == [(1,)]


@pytest.mark.slow
def test_a_plan_of_records_too_large_for_little_memory_is_read_all_the_same(tmp_path: Path) -> None:
    file = tmp_path / "stammdaten.duckdb"
    with duckdb.connect(str(file)) as db:
        create_tables(db)
        write_marts(db, "etg24", {"objektgruppen": GROUPS})
        db.execute(
            "insert into partners.etg24__objektgruppen by name"
            " select '002/' || n as external_id, repeat('Ä', 20_000) as title from range(2_000) as r (n)"
        )
        plan_id = planned(db)
    batches = list(plan_rows(file, plan_id, "etg24"))
    assert [seq for batch in batches for seq in batch["seq"].to_pylist()] == list(range(1, 2_004))


def test_who_only_reads_shares_a_file_that_this_process_has_open_for_writing(tmp_path: Path) -> None:
    file = tmp_path / "stammdaten.duckdb"
    with duckdb.connect(str(file)) as writer:
        writer.execute("create table greeting as select 'hello' as word")
        with connect(file, read_only=True) as reader:
            assert reader.execute("from greeting").fetchall() == [("hello",)]
    with connect(file, read_only=True) as reader, pytest.raises(duckdb.InvalidInputException):
        reader.execute("drop table greeting")


def test_a_fold_that_fails_says_why_and_leaves_everything_as_it_was(
    db: duckdb.DuckDBPyConnection, journal: Journal
) -> None:
    plan_id = planned(db)
    settle(journal, plan_id, 1, "001/1", Outcome("synced", remote_id="a"))
    db.execute("drop table sync.attempts; drop table sync.schema")
    with pytest.raises(duckdb.CatalogException, match="attempts"):
        fold(db, journal)
    create_tables(db)
    assert fold(db, journal) == 1


def test_what_a_records_state_forbids_is_not_told_or_tried_as_a_value_that_another_record_has(
    db: duckdb.DuckDBPyConnection,
) -> None:
    for external_id, reason in (("001/1", "state_forbids"), ("001/2", "without_taken_field")):
        db.execute(
            "insert into sync.ledger"
            " (partner, entity, id_space, external_id, remote_id, state, reason, fields, payload, payload_hash)"
            " values ('kiwi', 'mieter', 'mieter', $id, $id, 'synced', $reason, 'email', '{}', 'as sent')",
            {"id": external_id, "reason": reason},
        )
    forbidden, taken = withheld_notes(db, ["kiwi"])
    assert forbidden.startswith("KIWI mieter: 1 whose state there does not allow email to be changed")
    assert taken.startswith("KIWI mieter: 1 without email")
    assert withheld_notes(db, ["casavi"]) == []
    retry_withheld(db, ["kiwi"])
    assert db.execute("select external_id, payload_hash from sync.ledger order by 1").fetchall() == [
        ("001/1", "as sent"),
        ("001/2", "withheld"),
    ]


def test_a_home_of_a_version_with_german_findings_is_renamed_once_and_keeps_its_rows(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "stammdaten.duckdb")) as db:
        db.execute("create schema quality; create schema staging")
        db.execute(
            "create table quality.findings as select 'E8' as regel, 'person' as tabelle, '7' as schluessel,"
            " 'nachname' as spalte, 'x' as wert, null::varchar as partner, 'no name' as grund"
        )
        db.execute(
            "create table staging.base_erp__person as select '7' as person_nr, 'L1' as _regel, 'gone' as _grund"
        )
        db.execute("create view staging.base_erp__mandant as select '001' as mandant_nr, null as _regel")
    for _ in range(2):
        with open_database(tmp_path) as db:
            found = db.execute(
                "select rule, table_name, key, column_name, value, partner, reason from quality.findings"
            )
            assert found.fetchall() == [("E8", "person", "7", "nachname", "x", None, "no name")]
            verdicts = db.execute("select person_nr, _rule, _reason from staging.base_erp__person").fetchall()
            assert verdicts == [("7", "L1", "gone")]
