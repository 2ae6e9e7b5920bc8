"""Notes with a build what it was made of, and says whether another one would make the same, or run the same."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import duckdb

from pipelines.dbt_folder import dbt_folder
from pipelines.ledger.ledger import one
from pipelines.settings import Vars
from pipelines.still_current.code import asks_database, code_digest, read_unknown
from pipelines.still_current.days import first_change
from pipelines.still_current.notes import notes_digest
from pipelines.still_current.statements import Statements, unpacked

FORGOTTEN = "sync.forgotten"


@dataclass(frozen=True)
class Made:
    """What a build of the code and the settings in force was made of.

    `raw`: digest of each table of the raw layer and of who was forgotten. `changes_on`: from this day on a verdict may
    be another one. `result`: what dbt said. `statements`: what it ran.
    """

    raw: dict[str, str]
    stichtag: date
    changes_on: date
    result: str
    statements: Statements

    def is_in_time(self, day: date) -> bool:
        """Whether no verdict is another one on this key date."""
        return self.stichtag == day or self.stichtag < day < self.changes_on


def note_made(
    db: duckdb.DuckDBPyConnection,
    home: Path,
    settings: Vars,
    code: str,
    result: str,
    statements: Statements | None = None,
    is_repeated: bool = False,
) -> None:
    """Notes the build of all that just ended well with its result, and with the digest of the code before dbt read it.

    Nothing where the code has changed since, and where it cannot be told how long the marts hold; `is_repeated`: it was
    told with the build of the same code before.
    """
    forget_made(db)
    if code != code_digest(settings) or (not is_repeated and read_unknown()):
        return
    is_repeatable = is_repeated or (statements is not None and not asks_database())
    db.execute(
        "insert into sync.made (code, read, raw, notes, stichtag, changes_on, result, seeds, statements)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            code,
            _read(home),
            json.dumps(raw_digests(db)),
            notes_digest(db),
            settings.stichtag,
            first_change(db, settings),
            result,
            _seeds(db, statements.seeds) if statements else None,
            statements.packed() if statements and is_repeatable else None,
        ],
    )


def forget_made(db: duckdb.DuckDBPyConnection) -> None:
    """From here on the marts are not those of a build that was noted."""
    db.execute("delete from sync.made")


def is_known_code(db: duckdb.DuckDBPyConnection, home: Path, settings: Vars, code: str | None = None) -> bool:
    """Whether the last build was of this code and these settings, so none is wrong, and dbt read no others since.

    `code`: the digest of them, where it is known.
    """
    found = db.execute("select code, read from sync.made").fetchone()
    return found is not None and found == (code or code_digest(settings), _read(home))


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
    is_same = is_in_time and notes == notes_digest(db) and raw == json.dumps(raw_digests(db))
    return str(result) if is_same else None


def last_made(
    db: duckdb.DuckDBPyConnection, home: Path, settings: Vars, code: str | None = None
) -> Made | None:
    """What the last build was made of, where all models and seeds lie there as it left them.

    None where it was of other code or settings, where its statements were not kept, and where they would be others now:
    before the first person is forgotten the models do not ask who was. `code` as of `is_known_code`.
    """
    if not is_known_code(db, home, settings, code):
        return None
    raw, notes, stichtag, changes_on, result, seeds, kept = one(
        db, "select raw, notes, stichtag, changes_on, result, seeds, statements from sync.made"
    )
    statements = unpacked(kept)
    if statements is None or notes != notes_digest(db) or seeds != _seeds(db, statements.seeds):
        return None
    was = json.loads(raw)
    if asks_who_was_forgotten(db) != any(FORGOTTEN in one.reads for one in statements.all):
        return None
    return Made(was, stichtag, changes_on, str(result), statements)


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


def raw_digests(db: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Of all rows of each table of the raw layer, and of who was forgotten: the models read nothing else."""
    return _digests(db, "schema_name = 'erp_raw' or schema_name = 'sync' and table_name = 'forgotten'")


def asks_who_was_forgotten(db: duckdb.DuckDBPyConnection) -> bool:
    """Whether the models leave anybody out (macro `anybody_forgotten`)."""
    try:
        return bool(one(db, f"select count(*) from {FORGOTTEN}")[0])
    except duckdb.CatalogException:
        return False


def _seeds(db: duckdb.DuckDBPyConnection, names: Iterable[str]) -> str:
    """Of all rows of the seeds."""
    found = _digests(
        db, "list_contains($names, lower(schema_name || '.' || table_name))", {"names": list(names)}
    )
    return json.dumps(found)


def _digests(
    db: duckdb.DuckDBPyConnection, which: str, values: dict[str, object] | None = None
) -> dict[str, str]:
    """By `schema.name`: of the columns of a table and its rows, in whatever order they lie."""
    tables = db.execute(
        "select schema_name, table_name, list(column_name order by column_index) from duckdb_columns()"
        f" where database_name = current_database() and ({which}) group by all order by all",
        values,
    ).fetchall()
    found = {}
    for schema, table, columns in tables:
        # Each by its name: a table may have a column that is called as the row would be.
        row = ", ".join('"{}"'.format(column.replace('"', '""')) for column in columns)
        counted = one(
            db, f'select count(*), bit_xor(hash({row})), sum(hash({row})) from "{schema}"."{table}"'
        )
        found[f"{schema}.{table}".lower()] = hashlib.sha256(repr((columns, *counted)).encode()).hexdigest()
    return found
