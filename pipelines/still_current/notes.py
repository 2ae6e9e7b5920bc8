"""What dbt noted on its models (macro `note_settings`): the key date that they are of, and when they were built."""

import hashlib
import json
from datetime import UTC, date, datetime

import duckdb

from pipelines.ledger.ledger import in_transaction

# What dbt made; the raw layer is text.
SCHEMAS = ("staging", "intermediate", "partners", "quality")


def move_to(db: duckdb.DuckDBPyConnection, stichtag: date) -> None:
    """Lets marts that are still current be those of this key date and of the delivery that was loaded last."""
    in_transaction(db, lambda: note_moved(db, stichtag))


def note_moved(db: duckdb.DuckDBPyConnection, stichtag: date) -> None:
    """`move_to`, inside of a transaction."""
    for note in notes_moved(db, stichtag).values():
        db.execute(note)
    db.execute("update sync.made set notes = ?", [notes_digest(db)])


def notes_moved(db: duckdb.DuckDBPyConnection, stichtag: date) -> dict[str, str]:
    """By `schema.name` of each model: the statement that notes on it that it is of this key date and built now."""
    now = datetime.now(UTC).isoformat()
    moved = {}
    for kind, schema, name, comment in _noted(db):
        noted = json.dumps(
            {**json.loads(comment), "stichtag": stichtag.isoformat(), "built_at": now},
            ensure_ascii=False,
        )
        escaped = noted.replace("'", "''")
        moved[f"{schema}.{name}".lower()] = f'comment on {kind} "{schema}"."{name}" is \'{escaped}\''
    return moved


def _noted(db: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str, str]]:
    """Kind, schema, name and note of each model on which dbt noted its settings (macro `note_settings`)."""
    found: list[tuple[str, str, str, str]] = db.execute(
        "select kind, schema_name, name, comment from ("
        " select 'table' as kind, database_name, schema_name, table_name as name, comment from duckdb_tables()"
        " union all"
        " select 'view', database_name, schema_name, view_name, comment from duckdb_views() where not internal)"
        " where database_name = current_database() and list_contains(?, schema_name)"
        " and comment like '{%\"built_at\"%' order by all",
        [list(SCHEMAS)],
    ).fetchall()
    return found


def notes_digest(db: duckdb.DuckDBPyConnection) -> str:
    """Of all notes there are."""
    return hashlib.sha256(repr(_noted(db)).encode()).hexdigest()
