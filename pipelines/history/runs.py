"""`sync.runs` and what hangs on it: filled from the files of runs; who is not in it yet is read from its file."""

import json
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from pipelines.database import open_file
from pipelines.history.run_file import RecordedRun, read_files
from pipelines.ledger.ledger import create_tables, in_transaction
from pipelines.settings import database

COUNTED = (
    "in_mart", "created", "updated", "withdrawn", "unchanged", "rejected", "blocked", "pending", "held", "delivered",
    "seconds",
)  # fmt: skip
PLAIN = (
    "run_id", "number", "command", "use_case", "begun_at", "last_seen_at", "ended_at", "seconds", "exit", "message",
    "settings", "stichtag", "load_id", "plan_id", "is_refused",
)  # fmt: skip
# A database of a former version is only read here.
COLUMNS = "select column_name from duckdb_columns() where schema_name = 'sync' and table_name = 'runs'"
AS_JSON = ("versions", "steps", "report", "limited_to")


def fold_files(home: Path) -> None:
    """Takes runs that have ended into `sync.runs`. Does not raise, and does not wait for who holds the file.

    What cannot be taken over now is left in the files of the runs for the end of the next one, and nothing is lost.
    """
    if not database(home).exists():
        return
    # The run is over: nothing here may change what it says.
    with suppress(Exception), open_file(database(home)) as db:
        fold(db, home)


def fold(db: duckdb.DuckDBPyConnection, home: Path) -> int:
    """Takes runs that have ended into `sync.runs`, each as a whole or not at all; returns how many.

    One that the database does not take holds up no other.
    """
    create_tables(db)
    ids = frozenset(run_id for (run_id,) in db.execute("select run_id from sync.runs").fetchall())
    runs, taken = [run for run in read_files(home, ids) if not run.is_running], 0
    # Files that somebody threw away must not make the next runs older than those before.
    (last,) = db.execute("select coalesce(max(number), 0) from sync.runs").fetchone() or (0,)
    for run in runs:
        last = max(run.number, last + 1)
        with suppress(duckdb.Error, ValueError):
            in_transaction(db, partial(_insert, db, replace(run, number=last)))
            taken += 1
    return taken


def read_runs(home: Path) -> tuple[list[RecordedRun], str | None]:
    """All runs that are known, the last one first, without lines and reports; and why some may be missing.

    Changes nothing. Does not wait for a file that a run at work holds.
    """
    known, why = _in_database(home)
    waiting = read_files(home, frozenset(run.run_id for run in known))
    last = max((run.number for run in known), default=0)
    for place, run in enumerate(waiting):
        last = max(run.number, last + 1)
        waiting[place] = replace(run, number=last)
    return sorted([*known, *waiting], key=lambda run: (-run.number, run.run_id)), why


def read_run(home: Path, run_id: str) -> RecordedRun | None:
    """A run with its lines and its report; None where no such run is known."""
    runs, _ = read_runs(home)
    run = next((run for run in runs if run.run_id == run_id), None)
    if run is None or run.report is not None or run.entities:
        return run
    db, _ = _opened(home)
    if db is None:
        return run
    with db:
        return _with_lines(db, run)


def _in_database(home: Path) -> tuple[list[RecordedRun], str | None]:
    db, why = _opened(home)
    if db is None:
        return [], why
    with db:
        if not _has_table(db):
            return [], None
        names = [*PLAIN, "versions", "steps", "limited_to"]
        there = {name for (name,) in db.execute(COLUMNS).fetchall()}
        columns = [name if name in there else f"null as {name}" for name in names]
        rows = db.execute(f"select {', '.join(columns)} from sync.runs").fetchall()
    return [_run(dict(zip(names, row, strict=True))) for row in rows], None


def _opened(home: Path) -> tuple[duckdb.DuckDBPyConnection | None, str | None]:
    if not database(home).exists():
        return None, None
    try:
        return open_file(database(home), read_only=True), None
    except duckdb.IOException:
        return None, (
            "The database is held by a run or another program: runs that are in it are shown from their files alone."
        )


def _has_table(db: duckdb.DuckDBPyConnection) -> bool:
    found = db.execute(
        "select 1 from duckdb_tables() where schema_name = 'sync' and table_name = 'runs'"
    ).fetchone()
    return found is not None


def _run(row: dict[str, Any]) -> RecordedRun:
    steps, versions = json.loads(row.pop("steps")), json.loads(row.pop("versions"))
    limited_to, is_refused = json.loads(row.pop("limited_to") or "[]"), bool(row.pop("is_refused"))
    return RecordedRun(
        **row,
        steps=steps,
        versions=versions,
        limited_to=tuple(limited_to),
        is_refused=is_refused,
        is_running=False,
    )


def _with_lines(db: duckdb.DuckDBPyConnection, run: RecordedRun) -> RecordedRun:
    found = db.execute("select report from sync.runs where run_id = ?", [run.run_id]).fetchone()
    return replace(
        run,
        report=json.loads(found[0]) if found and found[0] else None,
        partners=_rows(db, "select partner, result, why from sync.run_partners", run),
        entities=_rows(
            db, f"select partner, entity, {', '.join(COUNTED)}, requests from sync.run_entities", run
        ),
        rules=_rows(
            db, 'select rule, table_name as "table", partner, row_count as rows from sync.run_rules', run
        ),
    )


def _rows(db: duckdb.DuckDBPyConnection, select: str, run: RecordedRun) -> tuple[dict[str, Any], ...]:
    found = db.execute(f"{select} where run_id = ? order by position", [run.run_id])
    names = [column[0] for column in found.description]
    return tuple(dict(zip(names, row, strict=True)) for row in found.fetchall())


def _insert(db: duckdb.DuckDBPyConnection, run: RecordedRun) -> None:
    values = [getattr(run, name) for name in PLAIN]
    values += [json.dumps(getattr(run, name)) if getattr(run, name) is not None else None for name in AS_JSON]
    db.execute(
        f"insert into sync.runs ({', '.join((*PLAIN, *AS_JSON))}) values ({', '.join('?' * len(values))})",
        values,
    )
    _insert_lines(
        db, run, "run_partners", run.partners, {"partner": "partner", "result": "result", "why": "why"}
    )
    counted = {name: name for name in ("partner", "entity", *COUNTED, "requests")}
    _insert_lines(db, run, "run_entities", run.entities, counted)
    named = {"rule": "rule", "table_name": "table", "partner": "partner", "row_count": "rows"}
    _insert_lines(db, run, "run_rules", run.rules, named)


def _insert_lines(
    db: duckdb.DuckDBPyConnection,
    run: RecordedRun,
    table: str,
    lines: tuple[dict[str, Any], ...],
    columns: dict[str, str],
) -> None:
    """Adds lines of a run; `columns`: name in the table → key of a line, absent keys are NULL."""
    if not lines:
        return
    rows = [
        [run.run_id, place, *(line.get(key) for key in columns.values())] for place, line in enumerate(lines)
    ]
    marks = ", ".join("?" * len(rows[0]))
    db.executemany(
        f"insert into sync.{table} (run_id, position, {', '.join(columns)}) values ({marks})", rows
    )
