"""Notes with a build what it was made of, and says whether another one would make the same."""

import hashlib
import json
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import duckdb

from pipelines.dbt_folder import dbt_folder
from pipelines.ledger.ledger import in_transaction, one
from pipelines.settings import Vars
from pipelines.still_current.code import code_digest, read_unknown
from pipelines.still_current.days import SCHEMAS, first_change


def note_made(db: duckdb.DuckDBPyConnection, home: Path, settings: Vars, code: str, result: str) -> None:
    """Notes the build of all that just ended well with its result, and with the digest of the code before dbt read it.

    Nothing where the code has changed since, and where it cannot be told how long the marts hold.
    """
    forget_made(db)
    if code != code_digest(settings) or read_unknown():
        return
    db.execute(
        "insert into sync.made (code, read, raw, notes, stichtag, changes_on, result) values (?, ?, ?, ?, ?, ?, ?)",
        [
            code,
            _read(home),
            _raw(db),
            _notes(db),
            settings.stichtag,
            first_change(db, settings),
            result,
        ],
    )


def forget_made(db: duckdb.DuckDBPyConnection) -> None:
    """From here on the marts are not those of a build that was noted."""
    db.execute("delete from sync.made")


def is_known_code(db: duckdb.DuckDBPyConnection, home: Path, settings: Vars) -> bool:
    """Whether the last build was of this code and these settings, so none is wrong, and dbt read no others since."""
    found = db.execute("select code, read from sync.made").fetchone()
    return found is not None and found == (code_digest(settings), _read(home))


def still_current(db: duckdb.DuckDBPyConnection, home: Path, settings: Vars) -> str | None:
    """The result of the last build, when a new one would make the same marts; None otherwise.

    The same are code, settings, raw rows and what dbt noted on its models, and the key date lies between that of the
    build and the first day on which a verdict may change.
    """
    if not is_known_code(db, home, settings):
        return None
    raw, notes, stichtag, changes_on, result = one(
        db, "select raw, notes, stichtag, changes_on, result from sync.made"
    )
    is_in_time = stichtag == settings.stichtag or stichtag < settings.stichtag < changes_on
    return str(result) if is_in_time and notes == _notes(db) and raw == _raw(db) else None


def move_to(db: duckdb.DuckDBPyConnection, settings: Vars) -> None:
    """Lets marts that are still current be those of this key date and of the delivery that was loaded last."""
    in_transaction(db, lambda: _move_to(db, settings))


def _move_to(db: duckdb.DuckDBPyConnection, settings: Vars) -> None:
    now = datetime.now(UTC).isoformat()
    for kind, schema, name, comment in _noted(db):
        noted = json.dumps(
            {**json.loads(comment), "stichtag": settings.stichtag.isoformat(), "built_at": now},
            ensure_ascii=False,
        )
        escaped = noted.replace("'", "''")
        db.execute(f'comment on {kind} "{schema}"."{name}" is \'{escaped}\'')
    db.execute("update sync.made set notes = ?", [_notes(db)])


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


def _notes(db: duckdb.DuckDBPyConnection) -> str:
    return hashlib.sha256(repr(_noted(db)).encode()).hexdigest()


def _read(home: Path) -> str:
    """Of what dbt read last: which nodes there are, where, and what they need. Empty where nothing was read."""
    file = dbt_folder(home) / "manifest.json"
    try:
        facts = file.stat()
    except FileNotFoundError:
        return ""
    return _nodes_of(file, facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=1)
def _nodes_of(file: Path, changed_at: int, size: int) -> str:
    """`changed_at` and `size`: a file that is another one by now is read again."""
    nodes = json.loads(file.read_text(encoding="utf-8"))["nodes"]
    found = [
        (key, node["schema"], node["alias"], node["depends_on"].get("nodes")) for key, node in nodes.items()
    ]
    return hashlib.sha256(repr(sorted(found, key=lambda node: node[0])).encode()).hexdigest()


def _raw(db: duckdb.DuckDBPyConnection) -> str:
    """Of all rows of the raw layer, and of who was forgotten since: the models read nothing else."""
    tables = db.execute(
        "select schema_name, table_name, list(column_name order by column_index) from duckdb_columns()"
        " where database_name = current_database()"
        " and (schema_name = 'erp_raw' or schema_name = 'sync' and table_name = 'forgotten')"
        " group by all order by all"
    ).fetchall()
    found = [
        (
            schema,
            table,
            columns,
            *one(db, f'select count(*), bit_xor(hash(t)), sum(hash(t)) from "{schema}"."{table}" as t'),
        )
        for schema, table, columns in tables
    ]
    return hashlib.sha256(repr(found).encode()).hexdigest()
