"""Marts are current as long as nothing has changed that they are made of, and no date has passed."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from pipelines.contract.contract import partners
from pipelines.ledger.ledger import open_database
from pipelines.settings import Vars, read_vars
from pipelines.still_current.code import code_digest
from pipelines.still_current.current import (
    forget_made,
    is_known_code,
    note_made,
    still_current,
)
from pipelines.still_current.notes import move_to

BUILT = date(2026, 2, 10)
NOTE = json.dumps(
    {
        "built_at": "2026-02-10T05:00:00+00:00",
        "stichtag": "2026-02-10",
        "vars": {"zeitzone": "Europe/Berlin"},
        "partner": None,
    }
)


def settings_of(day: str, given: str | None = None) -> Vars:
    return read_vars(partners(), given, day, [])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "dbt").mkdir()
    write_manifest(tmp_path, "partners__units")
    return tmp_path


def write_manifest(home: Path, *names: str, generated_at: str = "") -> None:
    nodes = {
        f"model.stammdaten.{name}": {"schema": "partners", "alias": name, "depends_on": {"nodes": []}}
        for name in names
    }
    text = json.dumps({"metadata": {"generated_at": generated_at}, "nodes": nodes})
    (home / "dbt" / "manifest.json").write_text(text)


@pytest.fixture
def db(home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A home after a build on 10 February, with a lease that ends on the 20th."""
    with open_database(home) as opened:
        opened.execute("create schema erp_raw; create schema partners; create schema intermediate")
        opened.execute("create table erp_raw.mietvertrag as select '7' as mv_nr, '20.02.2026' as mietende")
        opened.execute("create table intermediate.leases as select date '2026-02-20' as ende")
        opened.execute("create table partners.units as select '7' as external_id")
        opened.execute("create view partners.rents as select '7' as external_id")
        for model in ("table intermediate.leases", "table partners.units", "view partners.rents"):
            opened.execute(f"comment on {model} is '{NOTE}'")
        settings = settings_of("2026-02-10")
        note_made(opened, home, settings, code_digest(settings), "the result")
        yield opened


def is_current(
    db: duckdb.DuckDBPyConnection, home: Path, day: str = "2026-02-10", given: str | None = None
) -> bool:
    return still_current(db, home, settings_of(day, given)) is not None


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-02-10", True),
        ("2026-02-11", True),
        ("2026-02-18", True),
        ("2026-02-19", False),  # the day before a date is for time stamps near midnight
        ("2026-02-21", False),
        ("2026-12-31", False),
        ("2026-02-09", False),
    ],
)
def test_marts_are_current_until_a_date_may_change_a_verdict(
    db: duckdb.DuckDBPyConnection, home: Path, day: str, expected: bool
) -> None:
    assert is_current(db, home, day) == expected


@pytest.mark.parametrize(
    "change",
    [
        "insert into erp_raw.mietvertrag values ('8', null)",
        "update erp_raw.mietvertrag set mietende = '21.02.2026'",
        "insert into erp_raw.mietvertrag from erp_raw.mietvertrag",
        "delete from erp_raw.mietvertrag",
        "alter table erp_raw.mietvertrag rename mietende to mietende_neu",
        "create table erp_raw.gebaeude as select '1' as gebaeude_nr",
        "create table sync.forgotten as select 'x' as digest",
        "drop table partners.units",
        "create or replace table partners.units as select '9' as external_id",
        """comment on table partners.units is '{"built_at": "2026-02-10T06:00:00+00:00", "stichtag": "2026-02-10"}'""",
        "comment on view partners.rents is null",
    ],
)
def test_what_they_are_made_of_may_not_change(db: duckdb.DuckDBPyConnection, home: Path, change: str) -> None:
    assert is_current(db, home)
    db.execute(change)
    assert not is_current(db, home)


def test_settings_are_part_of_it(db: duckdb.DuckDBPyConnection, home: Path) -> None:
    assert not is_current(db, home, given='{"quelle_erp": "relion"}')
    assert not is_known_code(db, home, settings_of("2026-02-10", '{"quelle_erp": "relion"}'))
    assert is_known_code(db, home, settings_of("2030-01-01"))


def test_what_dbt_reads_with_other_settings_is_noticed_and_when_it_read_is_not(
    db: duckdb.DuckDBPyConnection, home: Path
) -> None:
    write_manifest(home, "partners__units", generated_at="later")
    assert is_current(db, home)
    write_manifest(home, "partners__units", "partners__leases")
    assert not is_current(db, home)
    (home / "dbt" / "manifest.json").unlink()
    assert not is_current(db, home)


def test_moved_to_another_day_the_notes_of_all_models_say_so(
    db: duckdb.DuckDBPyConnection, home: Path
) -> None:
    move_to(db, date(2026, 2, 15))
    notes = [
        json.loads(comment)
        for (comment,) in db.execute(
            "select comment from duckdb_tables() where comment like '{%' and schema_name <> 'sync'"
            " union all select comment from duckdb_views() where comment like '{%'"
        ).fetchall()
    ]
    assert [note["stichtag"] for note in notes] == ["2026-02-15"] * 3
    assert {note["vars"]["zeitzone"] for note in notes} == {"Europe/Berlin"}
    assert min(note["built_at"] for note in notes) > "2026-11"
    assert is_current(db, home, "2026-02-18")
    assert not is_current(db, home, "2026-02-19")  # as dates were when it was built


def test_a_build_that_began_is_not_that_of_before(db: duckdb.DuckDBPyConnection, home: Path) -> None:
    forget_made(db)
    assert not is_current(db, home)
    assert not is_known_code(db, home, settings_of("2026-02-10"))


def test_nothing_is_noted_of_code_that_changed_while_it_was_built(
    db: duckdb.DuckDBPyConnection, home: Path
) -> None:
    settings = settings_of("2026-02-10")
    note_made(db, home, settings, "before", "the result")
    assert not is_current(db, home)


def test_nothing_is_noted_of_code_that_looks_at_the_day_in_another_way(
    db: duckdb.DuckDBPyConnection,
    home: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = tmp_path_factory.mktemp("own")
    (own / "hausbot" / "models").mkdir(parents=True)
    for name in ("contract.yaml", "profile.yaml", "__init__.py"):
        (own / "hausbot" / name).write_text("")
    (own / "hausbot" / "models" / "hausbot__units.sql").write_text("select current_date as seen_on")
    monkeypatch.setenv("STAMMDATEN_PARTNERS", str(own))
    settings = settings_of("2026-02-10")
    note_made(db, home, settings, code_digest(settings), "the result")
    assert not is_current(db, home)


@pytest.mark.parametrize("name", ["t", "Mv Nr", 'a"b'])
def test_a_column_of_any_name_hides_no_other(db: duckdb.DuckDBPyConnection, home: Path, name: str) -> None:
    escaped = name.replace('"', '""')
    db.execute(f'alter table erp_raw.mietvertrag add column "{escaped}" varchar')
    settings = settings_of("2026-02-10")
    note_made(db, home, settings, code_digest(settings), "the result")
    assert is_current(db, home)
    db.execute("update erp_raw.mietvertrag set mietende = '21.02.2026'")
    assert not is_current(db, home)


def test_flags_of_dbt_in_the_environment_are_part_of_it(
    db: duckdb.DuckDBPyConnection, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert is_current(db, home)
    monkeypatch.setenv("DBT_STORE_FAILURES", "true")
    assert not is_current(db, home)
