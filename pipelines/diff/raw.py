"""The ERP's data that both states are built on: copied out of a home, whose database is only read."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import duckdb

from pipelines.database import connect, said
from pipelines.errors import BusyError, StammdatenError
from pipelines.settings import database
from pipelines.yaml_file import YamlError, read_yaml

RAW = "erp_raw"
SOURCES = Path("models", "staging", "_erp_raw.yml")
Columns = Mapping[str, tuple[str, ...]]


def is_loaded(home: Path) -> bool:
    """Whether a delivery lies in the home."""
    if not database(home).exists():
        return False
    with connect(database(home), read_only=True) as db:
        found = db.execute(
            "select count(*) from duckdb_views() where schema_name = ? and not internal", [RAW]
        )
        row = found.fetchone()
    return bool(row and row[0])


def identity(home: Path) -> str:
    """What tells the delivery of a home from others: its loads, and the persons that were forgotten since."""
    with connect(database(home), read_only=True) as db:
        loads = db.execute(
            "select table_name, max_by(load_id, loaded_at), max_by(row_count, loaded_at) from sync.loads"
            " group by all order by all"
        ).fetchall()
        forgotten = db.execute("from sync.forgotten").fetchall() if _has(db, "sync", "forgotten") else []
    return hashlib.sha256(repr((loads, sorted(map(repr, forgotten)))).encode()).hexdigest()


def copy_raw(home: Path, to: Path) -> dict[str, int]:
    """Copies the delivery of a home into a database of its own; returns rows by table.

    Raises `BusyError` when another program holds the home's for too long.
    """
    # Waits until nobody writes there.
    connect(database(home), read_only=True).close()
    with duckdb.connect(str(to)) as db:
        try:
            db.execute(f"attach '{_quoted(database(home))}' as delivery (read_only)")
        except duckdb.IOException as problem:
            raise BusyError(f"{database(home)}: {said(problem)}; try again") from None
        own = str(to.stem)
        db.execute(f"create schema {RAW}; create schema if not exists sync")
        # Views of an attached file find their tables from inside of it only.
        db.execute("use delivery")
        found = db.execute(
            "select view_name from duckdb_views() where database_name = 'delivery' and schema_name = ? order by all",
            [RAW],
        ).fetchall()
        rows = {}
        for (table,) in found:
            db.execute(f'create table "{own}".{RAW}."{table}" as from {RAW}."{table}"')
            [rows[table]] = db.execute(f'select count(*) from "{own}".{RAW}."{table}"').fetchone() or (0,)
        if _has(db, "sync", "forgotten"):
            db.execute(f'create table "{own}".sync.forgotten as from sync.forgotten')
        db.execute(f'use "{own}"; detach delivery')
    return rows


def fit(file: Path, columns: Columns) -> tuple[str, ...]:
    """Adds tables and columns that a state reads and this delivery lacks, without values; what they are."""
    added = []
    with duckdb.connect(str(file)) as db:
        for table, wanted in columns.items():
            there = {
                name
                for (name,) in db.execute(
                    "select column_name from information_schema.columns where table_schema = ? and table_name = ?",
                    [RAW, table],
                ).fetchall()
            }
            if not there:
                db.execute(f'create table {RAW}."{table}" (_zeile bigint)')
                added.append(table)
            is_view = bool(
                db.execute(
                    "select 1 from duckdb_views() where schema_name = ? and view_name = ?", [RAW, table]
                ).fetchone()
            )
            missing = [name for name in wanted if name not in there]
            if missing and is_view:
                db.execute(
                    f'create table {RAW}."__{table}" as from {RAW}."{table}"; drop view {RAW}."{table}"'
                )
                db.execute(f'alter table {RAW}."__{table}" rename to "{table}"')
            for name in missing:
                db.execute(f'alter table {RAW}."{table}" add column "{name}" varchar')
            if there:
                added += [f"{table}.{name}" for name in missing]
    return tuple(added)


def columns_of(root: Path) -> Columns:
    """By ERP table the columns that a state of the project reads. Raises `StammdatenError` for a broken list."""
    try:
        listed = read_yaml(root / SOURCES)["sources"][0]["tables"]
        return {table["name"]: tuple(column["name"] for column in table["columns"]) for table in listed}
    except (OSError, YamlError, LookupError, TypeError) as problem:
        raise StammdatenError(f"{SOURCES}: cannot be read ({type(problem).__name__})") from None


def _has(db: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    found = db.execute(
        "select 1 from duckdb_tables() where database_name = current_database() and schema_name = ? and table_name = ?",
        [schema, table],
    )
    return found.fetchone() is not None


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
