"""`sync.runs` and what hangs on it: filled from the files of runs; who is not in it yet is read from its file."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from pipelines.database import open_file
from pipelines.history.run_file import Json, RecordedRun, read_files
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
AS_JSON = ("versions", "steps", "report", "limited_to")
# What hangs on a run, line by line: its name → the columns of `sync.run_<name>`, each with its key in a line.
LINES: Mapping[str, Mapping[str, str]] = {
    "partners": {name: name for name in ("partner", "result", "why")},
    "entities": {name: name for name in ("partner", "entity", *COUNTED, "requests")},
    "rules": {"rule": "rule", "table_name": "table", "partner": "partner", "row_count": "rows"},
    "states": {
        "partner": "partner", "entity": "entity", "state": "state", "reason": "reason", "row_count": "rows",
        "there_count": "there",
    },
    "flow": {
        "station": "station", "table_name": "table", "rule": "rule", "partner": "partner", "entity": "entity",
        "row_count": "rows",
    },
}  # fmt: skip


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
    return run and with_lines(home, [run], with_report=True)[0]


def with_lines(
    home: Path, runs: Sequence[RecordedRun], with_report: bool = False, names: Collection[str] = tuple(LINES)
) -> list[RecordedRun]:
    """The same runs with their lines of these names, which `read_runs` leaves out; `with_report`: with that, too.

    Where the database is held or has none of a run, the run is as it was given.
    """
    db, _ = _opened(home)
    if db is None:
        return list(runs)
    with db:
        if not _tables(db):
            return list(runs)
        ids = [run.run_id for run in runs]
        known = _reports(db, ids)
        there = _tables(db)
        lines = {name: _lines_of(db, name, list(known)) for name in names if f"run_{name}" in there}

    def completed(run: RecordedRun) -> RecordedRun:
        found: dict[str, Any] = {name: by_run.get(run.run_id, ()) for name, by_run in lines.items()}
        report = json.loads(known[run.run_id] or "null") if with_report else None
        return replace(run, report=report, **found)

    return [completed(run) if run.run_id in known else run for run in runs]


def _in_database(home: Path) -> tuple[list[RecordedRun], str | None]:
    db, why = _opened(home)
    if db is None:
        return [], why
    with db:
        if not _tables(db):
            return [], None
        names = [*PLAIN, "versions", "steps", "limited_to"]
        columns = _columns(db, "runs", names)
        rows = db.execute(f"select {', '.join(columns)} from sync.runs").fetchall()
    return [_run(dict(zip(names, row, strict=True))) for row in rows], None


def _columns(db: duckdb.DuckDBPyConnection, table: str, names: Iterable[str]) -> list[str]:
    """What to select for these columns; NULL for one that the table does not have yet."""
    there = {column[0] for column in db.execute(f"from sync.{table} limit 0").description}
    return [name if name in there else f"null as {name}" for name in names]


def _opened(home: Path) -> tuple[duckdb.DuckDBPyConnection | None, str | None]:
    if not database(home).exists():
        return None, None
    try:
        return open_file(database(home), read_only=True), None
    except duckdb.IOException:
        return None, (
            "The database is held by a run or another program: runs that are in it are shown from their files alone."
        )


def _tables(db: duckdb.DuckDBPyConnection) -> set[str]:
    """The tables of the history that are there: none before the first fold, fewer in a home of an earlier version."""
    found = db.execute(
        "select table_name from duckdb_tables() where schema_name = 'sync'"
        " and (table_name = 'runs' or starts_with(table_name, 'run_'))"
    ).fetchall()
    names = {name for (name,) in found}
    return names if "runs" in names else set()


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


def _reports(db: duckdb.DuckDBPyConnection, ids: list[str]) -> dict[str, str | None]:
    """By run, of those that the database has: its report as JSON text."""
    found = db.execute("select run_id, report from sync.runs where list_contains(?, run_id)", [ids])
    return dict(found.fetchall())


def _lines_of(db: duckdb.DuckDBPyConnection, name: str, ids: list[str]) -> dict[str, tuple[Json, ...]]:
    """By run: its lines of that name, in their order."""
    columns = LINES[name]
    selected = ", ".join(_columns(db, f"run_{name}", columns))
    rows = db.execute(
        f"select run_id, {selected} from sync.run_{name} where list_contains(?, run_id) order by position",
        [ids],
    ).fetchall()
    found: dict[str, list[Json]] = {}
    for run_id, *values in rows:
        found.setdefault(run_id, []).append(dict(zip(columns.values(), values, strict=True)))
    return {run_id: tuple(lines) for run_id, lines in found.items()}


def _insert(db: duckdb.DuckDBPyConnection, run: RecordedRun) -> None:
    values = [getattr(run, name) for name in PLAIN]
    values += [json.dumps(getattr(run, name)) if getattr(run, name) is not None else None for name in AS_JSON]
    db.execute(
        f"insert into sync.runs ({', '.join((*PLAIN, *AS_JSON))}) values ({', '.join('?' * len(values))})",
        values,
    )
    for name, columns in LINES.items():
        _insert_lines(db, run, name, columns)


def _insert_lines(
    db: duckdb.DuckDBPyConnection, run: RecordedRun, name: str, columns: Mapping[str, str]
) -> None:
    """Adds the lines of that name; keys that a line does not have are NULL."""
    lines: tuple[Json, ...] = getattr(run, name)
    if not lines:
        return
    # In one statement: executemany takes a millisecond a row.
    row = f"({', '.join('?' * (2 + len(columns)))})"
    values = [
        value
        for place, line in enumerate(lines)
        for value in (run.run_id, place, *(line.get(key) for key in columns.values()))
    ]
    db.execute(
        f"insert into sync.run_{name} (run_id, position, {', '.join(columns)})"
        f" values {', '.join([row] * len(lines))}",
        values,
    )
