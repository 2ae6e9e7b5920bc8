"""The raw layer as Parquet files, for an engine that cannot read a DuckDB file."""

import os
import shutil
from pathlib import Path

import duckdb

from pipelines.errors import BuildError
from pipelines.ledger.ledger import one, open_database
from pipelines.plan.plan import last_load

LOAD = "load"
FORGOTTEN = "forgotten"
# What a build has in common with the home: the delivery, and who was forgotten.
STATE = ("load_id", "forgotten", "forgotten_hash")
WHO = "select count(*)::varchar, coalesce(bit_xor(hash(digest)), 0)::varchar from sync.forgotten"
NOBODY = "select ''::varchar as digest, ''::varchar as salt where false"


def state_of(db: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The last load, how many people are forgotten, and a hash of who. Raises `BuildError` without any load."""
    load = last_load(db)
    if load is None:
        raise BuildError("nothing is loaded; run `stammdaten load` first")
    people, who = one(db, WHO) if _has_forgotten(db) else ("0", "0")
    return dict(zip(STATE, (load, people, who), strict=True))


def write_raw(home: Path, folder: Path) -> dict[str, int]:
    """Writes the tables of `erp_raw` and who was forgotten into `folder`/raw, the whole folder anew; rows by table.

    The folder is there whole or as it was: it is written beside and then put in the place of the former one.
    """
    made = folder / f"raw.{os.getpid()}.new"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    try:
        with open_database(home) as db:
            state = state_of(db)
            rows = {name: _copy(db, f'select * from erp_raw."{name}"', made / name) for name in _tables(db)}
            people = "select digest, salt from sync.forgotten" if _has_forgotten(db) else NOBODY
            _copy(db, people, made / FORGOTTEN)
            noted = ", ".join(f"'{value}'::varchar as {name}" for name, value in state.items())
            _copy(db, f"select {noted}", made / LOAD)
        shutil.rmtree(folder / "raw", ignore_errors=True)
        made.rename(folder / "raw")
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return rows


def _has_forgotten(db: duckdb.DuckDBPyConnection) -> bool:
    """The table is made with the first person who is forgotten."""
    there = "select 1 from duckdb_tables() where schema_name = 'sync' and table_name = 'forgotten'"
    return db.execute(there).fetchone() is not None


def _tables(db: duckdb.DuckDBPyConnection) -> list[str]:
    found = db.execute(
        "select table_name from information_schema.tables where table_schema = 'erp_raw' order by 1"
    )
    return [name for (name,) in found.fetchall()]


def _copy(db: duckdb.DuckDBPyConnection, query: str, path: Path) -> int:
    found = db.execute(f"copy ({query}) to '{_quoted(path)}.parquet' (format parquet)").fetchone()
    return int(found[0]) if found else 0


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
