"""The run that finds all as the last one left it: what it notes in the home, and what it tells."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines import current_run
from pipelines.erp.repeated import REPEATED
from pipelines.errors import StammdatenError
from pipelines.history.run_file import id_of, run_files
from pipelines.history.tidy import tidy_after
from pipelines.ledger.ledger import in_transaction, one, open_database
from pipelines.lock import only_run
from pipelines.push.result_line import ResultLine
from pipelines.report import as_json
from pipelines.reports.run import LoadReport, RunReport, WarningLine
from pipelines.still_current.as_left import Left, basis_of, read_left, state_of, write_left
from pipelines.still_current.notes import note_moved, notes_digest

Say = Callable[[str], None]


def run_as_left(
    home: Path, asked: str, stichtag: str | None, say: Say, keep_days: int
) -> tuple[Left, RunReport] | None:
    """A whole run without limits, where all is as the last one left it: what that was, and what to tell; else None.

    `asked`: digest of the settings, `stichtag`: a key date that was asked for. Raises like `only_run` and
    `open_database`.
    """
    left = read_left(home)
    if left is None:
        return None
    with only_run(home, "run", None, say):
        day = left.key_date(stichtag)
        if day is None or not _is_as_left(home, left, asked):
            return None
        report = _noted(home, left, day, say)
        tidy_after(home, keep_days, say)
        if left.backs_up:
            # Reading its settings takes longer than all the rest.
            from pipelines.backup.take import backed_up

            report = backed_up(home, report, say)
        return left, report


def leave_again(left: Left, home: Path, report: RunReport, run_id: str | None) -> None:
    """Once all is over, lets the next run find it so again, if nobody else has worked in the home since. Never raises.

    A run that is killed before has left nothing: the home is not what the one before it left.
    """
    try:
        with only_run(home, "run"):
            files = run_files(home)
            with open_database(home) as db:
                is_ours = bool(files) and id_of(files[-1]) == run_id and is_last(db, report)
            if is_ours and run_id and (state := state_of(home)):
                write_left(home, replace(left, run_id=run_id, state=state, report=as_json(report)))
    except (StammdatenError, duckdb.Error, OSError):
        return  # the next run does all there is to do


def is_last(db: duckdb.DuckDBPyConnection, report: RunReport) -> bool:
    """Whether load, build and plan that lie there are those that a run told of: nobody else was here since."""
    (load_id,) = one(db, "select max_by(load_id, loaded_at) from sync.loads")
    (plan_id,) = one(db, "select max_by(plan_id, created_at) from sync.plans")
    noted = db.execute("select notes from sync.made").fetchone()
    is_ours = (load_id, plan_id) == (report.load.load_id, report.plan_id)
    return is_ours and noted is not None and noted[0] == notes_digest(db)


def _is_as_left(home: Path, left: Left, asked: str) -> bool:
    try:
        return state_of(home) == left.state and basis_of(left.places, asked) == left.basis
    except OSError:
        return False  # who reads the file says what is wrong with it


def _noted(home: Path, left: Left, day: date, say: Say) -> RunReport:
    """Notes in the home what a run notes that loads, builds, plans and pushes nothing, all of it or nothing."""
    told = left.told
    at = datetime.now(UTC)
    load_id, plan_id = at.strftime("%Y%m%d_%H%M%S_%f"), uuid.uuid4().hex[:12]
    report = _report(left, load_id, plan_id)
    current_run.note(
        "settings", digest=told["settings"], stichtag=day.isoformat(), limited_to=[], on=told["on"]
    )
    say(
        f"Delivery, code, settings and ledger are as run {left.run_id} left them: there is nothing to build or to send"
    )
    with open_database(home) as db:
        in_transaction(db, lambda: _note(db, left, day, at, load_id, plan_id))
    for note in report.load.notes:
        say(note)
    say(f"Plan {plan_id}: 0 operations")
    for event in ("rules", "flow", "requests", "states"):
        current_run.note(event, lines=told[event])
    return report


def _note(
    db: duckdb.DuckDBPyConnection, left: Left, day: date, at: datetime, load_id: str, plan_id: str
) -> None:
    former = {"load_id": left.report["load"]["load_id"], "plan_id": left.report["plan_id"]}
    new = {"at": at.replace(tzinfo=None), "load": load_id}
    with current_run.step("load"):
        db.execute(
            "insert into sync.loads by name select $load as load_id, $at as loaded_at, source, table_name, row_count,"
            " 'full' as kind from sync.loads where load_id = $former",
            {**new, "former": former["load_id"]},
        )
    with current_run.step("build"):
        note_moved(db, day)
        db.execute(
            "update sync.builds set started_at = $at, finished_at = $at where use_case is null", {"at": at}
        )
    with current_run.step("plan"):
        db.execute(
            "insert into sync.plans (plan_id, run_id, created_at, stichtag, load_id) values (?, ?, ?, ?, ?)",
            [plan_id, current_run.run_id(), at, day, load_id],
        )
        for table in ("plan_counts", "plan_partners"):
            db.execute(
                f"insert into sync.{table} by name select * replace (? as plan_id) from sync.{table} where plan_id = ?",
                [plan_id, former["plan_id"]],
            )
    with current_run.step("push"):
        db.execute(
            "insert into sync.pushed (partner, load_id, pushed_at) select partner, ?, ? from sync.plan_partners"
            " where plan_id = ?",
            [load_id, at, plan_id],
        )


def _report(left: Left, load_id: str, plan_id: str) -> RunReport:
    """What the last run told, under the ids of this one."""
    load: Mapping[str, Any] = left.report["load"]
    return RunReport(
        plan_id=plan_id,
        lines=tuple(ResultLine(**{**line, "seconds": 0.0}) for line in left.report["lines"]),
        stopped={},
        guards=(),
        renumbered=(),
        reasons=(),
        notes=(),
        failures=(),
        is_complete=True,
        warnings=tuple(WarningLine(**line) for line in left.warnings),
        load=LoadReport(
            notes=(REPEATED, *(note for note in load["notes"] if note != REPEATED)),
            load_id=load_id,
            source=load["source"],
            kind=load["kind"],
            rows=load["rows"],
            changed={},
            unknown_columns={name: tuple(columns) for name, columns in load["unknown_columns"].items()},
            unknown_files=tuple(load["unknown_files"]),
            absent_tables=tuple(load["absent_tables"]),
        ),
    )
