"""Runs the statements of the last build once more, those alone that something has changed for.

What dbt does beside them (reading the project, making SQL, telling each node) is nine tenths of a small build.
"""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date

import duckdb

from pipelines.ledger.ledger import in_transaction
from pipelines.settings import Vars
from pipelines.still_current.current import Made, raw_digests
from pipelines.still_current.notes import notes_moved
from pipelines.still_current.statements import FINDINGS, Statement, on_day

# Done so far and of how many.
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Outcome:
    """What came of a statement: `status` as dbt names it; `rows`: those that a test found."""

    status: str
    seconds: float
    rows: int | None


class _Undone(Exception):
    """A test that keeps a partner back: what follows from it is for dbt to say."""


def run_again(
    db: duckdb.DuckDBPyConnection, made: Made, settings: Vars, progress: Progress
) -> dict[str, Outcome] | None:
    """What came of each statement that was run, by the id of its node; the models are then of the key date and of now.

    None where a statement failed, or a test keeps a partner back: then dbt has to build, and says what is wrong.
    """
    now = raw_digests(db)
    changed = {name for name in now.keys() | made.raw.keys() if now.get(name) != made.raw.get(name)}
    day = settings.stichtag
    stale = to_run(made.statements.all, changed, made.is_in_time(day), made.stichtag == day)
    notes = notes_moved(db, day)
    outcomes: dict[str, Outcome] = {}
    try:
        db.execute(f"create or replace temp table refused as from {FINDINGS} where rule = 'V3'")
        for number, statement in enumerate(stale, 1):
            outcomes[statement.unique_id] = _run(db, statement, day, notes.pop(statement.relation, ""))
            progress(number, len(stale))
        in_transaction(db, lambda: _note_findings(db, stale, day, outcomes))
        in_transaction(db, lambda: [db.execute(note) for note in notes.values()])
    except (_Undone, duckdb.Error):
        return None
    return outcomes


def run_tests_again(
    db: duckdb.DuckDBPyConnection, made: Made, settings: Vars, progress: Progress
) -> dict[str, Outcome] | None:
    """What came of each test of the build, on what lies there now; None as of `run_again`."""
    tests = [one for one in made.statements.all if one.kind == "test"]
    outcomes = {}
    try:
        for number, statement in enumerate(tests, 1):
            outcomes[statement.unique_id] = _run(db, statement, settings.stichtag, "")
            progress(number, len(tests))
    except (_Undone, duckdb.Error):
        return None
    return outcomes


def to_run(
    statements: Collection[Statement], changed: Collection[str], is_in_time: bool, is_same_day: bool
) -> list[Statement]:
    """The statements whose result may be another one: models in the order of dbt, then tests.

    `changed`: tables (`schema.name`) with other rows. `is_in_time`: no verdict of what lies there is another one on the
    key date. Views and tests that ask the day are told each new one.
    """
    other = set(changed)
    stale = []
    for statement in sorted(statements, key=lambda one: one.kind == "test"):
        is_changed = not other.isdisjoint(statement.reads) or (statement.asks_the_day and not is_in_time)
        is_told = statement.kind != "table" and statement.asks_the_day and not is_same_day
        if is_changed and statement.relation:
            other.add(statement.relation)
        if is_told or (is_changed and statement.kind != "view"):
            stale.append(statement)
    return stale


def _run(db: duckdb.DuckDBPyConnection, statement: Statement, day: date, note: str) -> Outcome:
    begun, sql = time.monotonic(), on_day(statement.sql, day)
    if statement.kind == "test":
        status, rows = _tested(db, statement, sql)
    else:
        name = ".".join(f'"{part}"' for part in statement.relation.split("."))
        if statement.kind == "view":
            sql = f"create view {name} as (\n{sql}\n)"
        # Who reads sees the former one until the new one is there.
        in_transaction(
            db, lambda: db.execute(f"drop {statement.kind} if exists {name} cascade;\n{sql};\n{note}")
        )
        status, rows = "success", None
    return Outcome(status, round(time.monotonic() - begun, 3), rows)


def _tested(db: duckdb.DuckDBPyConnection, statement: Statement, sql: str) -> tuple[str, int]:
    """Status and rows of a test, judged as dbt judges the three columns of its query."""
    found = db.execute(sql).fetchall()
    if len(found) != 1 or len(found[0]) != 3 or None in found[0]:
        raise _Undone
    rows, may_warn, may_fail = found[0]
    if statement.is_strict and may_fail:
        raise _Undone
    return ("warn", int(rows)) if may_warn else ("pass", 0)


def _note_findings(
    db: duckdb.DuckDBPyConnection, stale: Collection[Statement], day: date, outcomes: Mapping[str, Outcome]
) -> None:
    """Findings V3: no model knows of them, so that a table of findings that was made anew has none yet.

    Those of marts that were not tested again are as before.
    """
    tests = [one for one in stale if one.finds]
    db.execute(f"delete from {FINDINGS} where rule = 'V3'")
    db.execute(
        f"insert into {FINDINGS} by name from temp.refused where not list_contains(?, table_name)",
        [[test.finds for test in tests]],
    )
    for test in tests:
        if outcomes[test.unique_id].rows:
            query = on_day(test.query, day)
            db.execute(
                f"insert into {FINDINGS} by name select unnest(refused, max_depth := 2) from ({query}\n)"
            )
    db.execute("drop table temp.refused")
