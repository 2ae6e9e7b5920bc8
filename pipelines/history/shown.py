"""The history as reports: a line for each run, one run with all that is known of it, and what to do about it."""

from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pipelines.errors import SettingsError
from pipelines.history.run_file import RecordedRun
from pipelines.history.runs import read_run, read_runs
from pipelines.reports.history import (
    RunEntity,
    RunFlow,
    RunLine,
    RunPartner,
    RunRule,
    RunShowReport,
    RunsReport,
    RunState,
)
from pipelines.suggest import did_you_mean

ENDED = {
    0: "all is as it should be",
    1: "not all: something is refused, waits, was held back or was found to differ",
    2: "nothing was sent",
}
BY_SIGNAL = "ended by a signal; the next run goes on"
LOST = (
    "It was killed, or the machine was. Look at the log of the machine (memory: journalctl -k --grep 'out of memory'),"
    " then run it again: what is delivered is not sent twice, and what was on its way is looked up first."
)
TRACE = "Pass on the file trace-….txt in the home that was written at that time; it holds no values."


def runs_report(home: Path, most: int) -> RunsReport:
    """The last runs, as many as are asked for."""
    runs, why = read_runs(home)
    notes = [why] if why else []
    if len(runs) > most:
        notes.append(f"… and {len(runs) - most:,} more; --last {len(runs)} shows all.")
    return RunsReport(runs=tuple(run_line(run) for run in runs[:most]), notes=tuple(notes))


def show_report(home: Path, run_id: str | None) -> RunShowReport:
    """One run, the last one where none is named. Raises `SettingsError` where there is no such run."""
    runs, why = read_runs(home)
    if not runs:
        raise SettingsError(f"{home}: no run is recorded here yet{f'. {why}' if why else ''}")
    wanted = run_id or runs[0].run_id
    run = read_run(home, wanted)
    if run is None:
        meant = did_you_mean(wanted, [one.run_id for one in runs])
        raise SettingsError(
            f"run {wanted}: unknown{meant}; there are: stammdaten runs{f'. {why}' if why else ''}"
        )
    return RunShowReport(
        run=run_line(run),
        last_seen_at=_text(run.last_seen_at),
        settings=run.settings,
        stichtag=run.stichtag,
        versions=run.versions,
        steps=run.steps,
        partners=tuple(RunPartner(**line) for line in run.partners),
        entities=tuple(RunEntity(**_counts(line)) for line in run.entities),
        rules=tuple(RunRule(**line) for line in run.rules),
        states=tuple(RunState(**_own(RunState, line)) for line in run.states),
        flow=tuple(RunFlow(**_own(RunFlow, line)) for line in run.flow),
        advice=advice(run),
        report=run.report,
    )


def run_line(run: RecordedRun) -> RunLine:
    """A run in one line."""
    return RunLine(
        run_id=run.run_id,
        command=run.command,
        use_case=run.use_case,
        begun_at=_text(run.begun_at),
        seconds=run.seconds,
        exit=run.exit,
        state=_state(run),
        what=in_words(run),
        load_id=run.load_id,
        plan_id=run.plan_id,
    )


def in_words(run: RecordedRun) -> str:
    """How a run ended, or where it stands."""
    unfinished = [name for name, seconds in run.steps.items() if seconds is None]
    at = f" in its step {unfinished[-1]}" if unfinished else ""
    if run.is_running:
        return f"at work{at}"
    if run.exit is None:
        return f"ended without a word{at}, last heard of at {_text(run.last_seen_at)}"
    if run.is_refused:
        return f"not begun: {run.message}"
    if run.exit >= 128:
        return BY_SIGNAL
    return run.message or ENDED.get(run.exit, f"exit status {run.exit}")


def advice(run: RecordedRun) -> str | None:
    """What to do about a run; None for one that is at work or went well."""
    if run.is_running or run.is_refused or run.exit == 0:
        return None
    if run.exit is None:
        return LOST
    if run.message and "an error of this program" in run.message:
        return TRACE
    return "What waits and why: stammdaten status" if run.exit == 1 else None


def _state(run: RecordedRun) -> Literal["running", "ended", "lost"]:
    if run.is_running:
        return "running"
    return "lost" if run.exit is None else "ended"


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _own(kind: type[RunEntity | RunFlow | RunState], line: dict[str, Any]) -> dict[str, Any]:
    """With None for what another version did not note, and without what only that one did."""
    return {field.name: line.get(field.name) for field in fields(kind)}


def _counts(line: dict[str, Any]) -> dict[str, Any]:
    return {name: value or 0 for name, value in _own(RunEntity, line).items()}
