"""Records a command as a run: its beginning before anything else, its end whatever happens."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from pipelines import interrupt
from pipelines.current_run import known_as
from pipelines.database import said
from pipelines.errors import RunningError, StammdatenError
from pipelines.history.metrics import metrics_file, write_metrics
from pipelines.history.run_file import LARGEST_REPORT, RunFile, bounded
from pipelines.history.runs import fold_files
from pipelines.report import Report, as_json
from pipelines.reports.run import PushReport
from pipelines.settings import Vars, config_value, home
from pipelines.unexpected import exit_status, summary

R = TypeVar("R", bound=Report)
# Their messages name the person, or ids of records.
WITHOUT_MESSAGE = ("forget", "rekey")


class Record:
    """What is noted of the run of this process; without a home that can be written to, nothing."""

    def __init__(self, file: RunFile | None, at: Path | None = None):
        self._file = file
        self.run_id = file.run_id if file else None
        self.status = 0
        self.home = at
        self.settings: Vars | None = None
        # What is to be said at the end of the command, of what came after the run.
        self.notes: tuple[str, ...] = ()
        # Of a run that found all as the last one left it: the jobs that its settings ask for, which nobody read anew.
        self.jobs: list[str] | None = None

    def given(self, settings: Vars) -> Vars:
        """Notes the digest of the settings; returns them."""
        self.settings = settings
        if self._file:
            what = {"digest": settings_digest(settings), "stichtag": settings.stichtag.isoformat()}
            self._file.note("settings", {**what, "limited_to": settings.only, "on": settings.active})
        return settings

    def told(self, report: R) -> R:
        """Notes what the command tells, without what names single rows; returns it."""
        self.status = report.exit
        if self._file:
            for kind, lines in _lines(report).items():
                self._file.note(kind, {"lines": lines})
            self._file.note("report", _report(report))
        return report


@contextmanager
def recorded(
    command: str,
    use_case: str | None,
    tell: Callable[[str], None],
    echo: Callable[[str], None] = lambda _: None,
) -> Iterator[Record]:
    """A run of this command, from here to the end of the `with`; each line of its file goes to `echo`, too.

    That its history or its metrics cannot be written is told, and changes nothing of the run.
    """
    try:
        at = home()
    except StammdatenError:  # the command says so itself
        yield Record(None)
        return
    file = RunFile(at, command, use_case, echo)
    record = Record(file, at)
    try:
        with known_as(file.run_id, file.note):
            yield record
    except BaseException as problem:
        why = None if command in WITHOUT_MESSAGE else bounded(summary(problem))
        file.end(exit_status(problem), why, is_refused=type(problem) is RunningError)
        raise
    else:
        file.end(interrupt.exit_code() or record.status, None)
    finally:
        fold_files(at)
        if trouble := _metrics_trouble(at):
            tell(f"STAMMDATEN_METRICS: not written ({trouble}). The run itself is not touched by it.")
        if file.trouble:
            tell(
                f"The history of this run is not complete: {file.trouble}. The run itself is not touched by it."
            )


def _metrics_trouble(at: Path) -> str | None:
    """Writes the metrics, where a file for them is named; what went wrong, or None."""
    try:
        if path := metrics_file():
            write_metrics(at, path)
    except OSError as problem:
        return said(problem)
    except Exception as problem:  # the run is over
        return summary(problem)
    return None


def settings_digest(settings: Vars) -> str:
    """Changes when vars (but the key date), the kind of ERP, or a partner's address do. Holds no credential."""
    addresses = {name: config_value(f"destination.{name}.base_url") for name in settings.active}
    shaping = [settings.quelle_erp, settings.partners, settings.guards, settings.warn, settings.overrides]
    text = json.dumps([shaping, addresses, config_value("sources.erp.kind")], sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def _report(report: Report) -> dict[str, Any]:
    document = bounded(as_json(report, with_rows=False))
    size = len(json.dumps(document, default=str))
    load = document.get("load") or document
    return {
        "load_id": load.get("load_id"),
        "plan_id": document.get("plan_id"),
        "report": document if size <= LARGEST_REPORT else {"left_out": f"{size:,} bytes"},
    }


def _lines(report: Report) -> dict[str, list[dict[str, Any]]]:
    """What is kept line by line: what became of partners and of their entities."""
    if not isinstance(report, PushReport):
        return {}
    results: dict[str, tuple[str, str | None]] = {line.partner: ("pushed", None) for line in report.lines}
    results |= {failure.partner: ("failure", failure.node) for failure in report.failures}
    results |= {trip.partner: ("guard", trip.guard) for trip in report.guards}
    results |= {name: ("stopped", bounded(why)) for name, why in report.stopped.items()}
    return {
        "partners": [{"partner": name, "result": what, "why": why} for name, (what, why) in results.items()],
        "entities": [asdict(line) for line in report.lines],
    }
