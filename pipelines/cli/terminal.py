"""What the commands share: options, progress bars, tables, and how a report is shown."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, TextIO, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from pipelines import current_run, interrupt
from pipelines.alerts.glance import is_any_open
from pipelines.errors import SettingsError
from pipelines.report import Report, as_json
from pipelines.settings import Vars, may_be_set
from pipelines.suggest import did_you_mean

# `explain` answers in under a second, so the engine behind these is not loaded for it.
if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from pipelines.history.record import Record
    from pipelines.reports.look import NextRun
    from pipelines.reports.run import (
        BuildReport,
        FailureLine,
        GuardLine,
        PlanReport,
        PushReport,
        RenumberedLine,
        WarningLine,
    )

Noted = TypeVar("Noted", bound="PushReport")

# Control characters, marks that turn the direction of writing, characters without a shape, halves of characters.
UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)


def visible(text: str) -> str:
    """The text with all that a terminal would obey or not show written as JSON does (`\\u001b`); line ends stay."""
    return UNSEEN.sub(lambda sign: json.dumps(sign[0])[1:-1], text)


class Terminal(Console):
    """A console that prints text as it is: no markup, no emoji, nothing that data could make it do."""

    def __init__(self, stream: TextIO | None, stderr: bool = False):
        # Without a terminal there is no width to keep to.
        width = None if stream and stream.isatty() else 160
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False, width=width)
        # Events go here, one a line, and nothing else.
        self.as_events = False

    def print(self, *objects: Any, **how: Any) -> None:
        """As ever, but for a stream of events."""
        if not self.as_events:
            super().print(*objects, **how)

    def event(self, line: str) -> None:
        """Writes an event; nobody reading it changes nothing."""
        with suppress(OSError, ValueError):
            self.file.write(f"{line}\n")
            self.file.flush()

    def render_str(self, text: str, **how: Any) -> Text:
        """Every text on its way to the terminal comes by here, cells of tables too."""
        return super().render_str(visible(text), **how)

    def on_broken_pipe(self) -> None:
        """Whoever read the output has gone (`| head`): that changes nothing of the run and of its exit status."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())


out = Terminal(sys.stdout)
err = Terminal(sys.stderr, stderr=True)


def show_document(report: Report | dict[str, Any]) -> None:
    """Prints one JSON document, in ASCII where the output takes no UTF-8."""
    document = as_json(report) if isinstance(report, Report) else report
    is_utf_8 = out.encoding.lower().replace("-", "") == "utf8"
    text = visible(json.dumps(document, ensure_ascii=not is_utf_8, indent=2, default=str))
    try:
        out.file.write(text + "\n")
        out.file.flush()
    except BrokenPipeError:
        out.on_broken_pipe()


def end(report: Report) -> typer.Exit:
    """What a command raises at its end: the exit status of the report, or that of a signal that came."""
    return typer.Exit(interrupt.exit_code() or report.exit)


Stichtag = Annotated[
    str | None,
    typer.Option(
        "--stichtag", metavar="DATE", help="Key date (2026-01-31) that decides who lives; default is today."
    ),
]
Partners = Annotated[
    list[str] | None,
    typer.Option("--partner", metavar="NAME", help="Only this partner; may be given several times."),
]
UseCase = Annotated[
    str | None,
    typer.Option(
        "--use-case",
        metavar="NAME",
        help="Only what follows this rhythm: stammdaten (master data), leerstaende (vacancies), dokumente.",
    ),
]
VarsOption = Annotated[
    str | None,
    typer.Option(
        "--vars",
        metavar="YAML",
        help=(
            "dbt vars over those of dbt_project.yml, for example"
            ' \'{partners: {etg24: {aktiv: true, separator: "-", mandanten: ["001"]}}}\'.'
        ),
    ),
]
ShowPersonalData = Annotated[
    bool,
    typer.Option(
        "--show-personal-data", help="Show names, addresses and the like; they are masked otherwise."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]


# So many records that look renumbered are listed.
SHOWN = 20


class Progressing:
    """Progress bars on a terminal; silence elsewhere."""

    def __init__(self, quiet: bool) -> None:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self._bars = Progress(*columns, console=err, transient=True, disable=quiet or not err.is_terminal)
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> "Progressing":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def __call__(self, what: str, done: int, total: int) -> None:
        # What stands behind the point changes as the work goes on; the bar stays.
        name = what.partition(" · ")[0]
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(visible(what), total=total or None)
        self._bars.update(self._tasks[name], description=visible(what), completed=done, total=total or None)


# What somebody typed is no command, option or value: the base of all such errors of typer.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]


def usage_line(problem: Any) -> str:
    """One line on what was typed wrongly, with what may have been meant and where help is."""
    from pipelines.contract.contract import partners

    message = str(problem.format_message()).rstrip(".")
    context = problem.ctx
    called = context.command_path if context else "stammdaten"
    extra = re.search(r"unexpected extra argument(?:\(s\)|s)? \((.+)\)", message)
    options = {option for p in context.command.params for option in p.opts} if context else set()
    if extra and "--partner" in options:
        words = [word for word in extra[1].split() if word in partners() or did_you_mean(word, partners())]
        if words:
            meant = did_you_mean(words[0], partners(), lambda name: f"{called} --partner {name}")
            return f"{words[0]}: partners are named with an option{meant}"
    if not message:
        return f"a command is missing; help: {called} --help"
    if extra:
        message = f"{extra[1]}: one word too many"
    return f"{message}; help: {called} --help"


def settings_of(
    stichtag: str | None, partners: list[str] | None, given: str | None, use_case: str | None = None
) -> Vars:
    """The vars of this run, once it is sure that all settings are known ones. Raises `SettingsError`."""
    from pipelines.commands.known_settings import read_settings

    return read_settings(stichtag, partners or [], given, use_case)


def say(quiet: bool) -> Callable[[str], None]:
    """A function that tells what is going on, with the time; it says nothing when `quiet`."""

    def say(text: str) -> None:
        current_run.note("said", text=text)
        if not quiet:
            err.print(f"{datetime.now():%H:%M:%S}  {text}", soft_wrap=True)

    return say


LogFormat = Annotated[
    str,
    typer.Option(
        "--log-format",
        metavar="FORMAT",
        help="text, or json: on stderr an event a line, as in the file of the run, and nothing else.",
    ),
]
FORMATS = ("text", "json")
# Commands whose end may begin or end an alert; a plan or a verification is looked at by whoever asked for it.
ALERTING = ("run", "push")


@contextmanager
def recorded(command: str, use_case: str | None = None, log_format: str = "text") -> "Iterator[Record]":
    """What happens inside the `with` is a run of its own in `stammdaten runs`."""
    from pipelines.history import record

    if log_format not in FORMATS:
        meant = did_you_mean(log_format, FORMATS)
        raise SettingsError(f"--log-format {log_format}: unknown{meant}; there are {', '.join(FORMATS)}")

    def warn(text: str) -> None:
        tell("warning", text, style="yellow")

    err.as_events = log_format == "json"
    run = None
    try:
        with record.recorded(command, use_case, warn, err.event if err.as_events else lambda _: None) as run:
            if command in ALERTING and may_be_set("alerts"):
                from pipelines.alerts.settings import check_alerts

                check_alerts()
            yield run
    except BaseException:
        _write_page(run, warn)
        for note in _alerted(command, run):
            warn(note)
        raise
    _write_page(run, warn)
    run.notes = _alerted(command, run)


def _write_page(run: "Record | None", warn: Callable[[str], None]) -> None:
    """The page of the run that has just ended; that it cannot be written is told, and changes nothing of the run."""
    from pipelines.run_page.files import write_after

    if run is None or run.home is None:
        return
    upcoming = due() if run.jobs is None else due_of(run.jobs)
    if trouble := write_after(run.home, run.run_id, upcoming):
        warn(f"The page of this run: not written ({trouble}). The run itself is not touched by it.")


def _alerted(command: str, run: "Record | None") -> tuple[str, ...]:
    """Tells the targets of alerts what the run changed; what is to be said of that. After a signal `watch` does it."""
    if command not in ALERTING or run is None or run.home is None or interrupt.exit_code():
        return ()
    if run.jobs is not None and not may_be_set("alerts") and not is_any_open(run.home):
        return ()
    from pipelines.alerts.alerts import after_run

    given = run.settings
    return after_run(run.home, lambda: given or settings_of(None, None, None))


def noted(report: Noted, run: "Record") -> Noted:
    """The report with what is to be said after the run."""
    return replace(report, notes=(*report.notes, *run.notes))


def tell(kind: str, text: str, style: str = "") -> None:
    """A line on stderr, or an event where that is what goes there."""
    if err.as_events:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        err.event(json.dumps({"at": now, "event": kind, "message": text}))
    else:
        err.print(text, style=style, soft_wrap=True)


def due() -> "tuple[NextRun, ...]":
    """What is due next by the settings as they stand; nothing where they cannot be read."""
    from pipelines.schedule.report import next_runs

    with suppress(Exception):
        return next_runs(settings_of(None, None, None))
    return ()


def due_of(jobs: list[str]) -> "tuple[NextRun, ...]":
    """What is due next of these jobs."""
    from pipelines.schedule.jobs import JOBS
    from pipelines.schedule.report import next_of

    return next_of(job for job in JOBS if job.name in jobs)


def finish(report: "BuildReport | PushReport", as_json: bool) -> None:
    """Prints the closing table and ends with the exit status of the report."""
    from pipelines.reports.run import BuildReport, RunReport

    if as_json:
        show_document(report)
        raise end(report)
    if isinstance(report, BuildReport | RunReport):
        show_warnings(report.warnings)
    show_failures(report.failures)
    if not isinstance(report, BuildReport):
        show_results(report)
    for note in report.notes:
        out.print(note, soft_wrap=True)
    raise end(report)


def show_results(report: "PushReport") -> None:
    show_renumbered(report.renumbered)
    show_guards(report.guards, report.plan_id)
    for name, why in report.stopped.items():
        err.print(f"{name}: {why}", style="red", soft_wrap=True)
    if report.lines:
        heads = [
            "partner",
            "entity",
            "in mart",
            "created",
            "updated",
            "withdrawn",
            "unchanged",
            "rejected",
            "blocked",
        ]
        rows = cells(report.lines)
        table(
            [*heads, "pending", "held", "delivered", "seconds"],
            [[*row[:-1], f"{row[-1]:.1f}"] for row in rows],
        )
    for reason in report.reasons:
        err.print(
            f"{reason.partner} {reason.entity}: {reason.rows} {reason.reason}. {reason.how}",
            soft_wrap=True,
        )


def show_warnings(warnings: "Sequence[WarningLine]") -> None:
    for warning in warnings:
        err.print(f"Warning: {warning.message}", style="yellow", soft_wrap=True, markup=False)
    if warnings:
        err.print(
            "Look at the rows: select * from quality.findings; what the rules say: docs/rules.md",
            soft_wrap=True,
        )


def show_failures(failures: "Sequence[FailureLine]") -> None:
    for failure in failures:
        what = f"{failure.partner} is not pushed: {failure.node} ({failure.status}): {failure.message}"
        err.print(what, style="red", soft_wrap=True)
        if failure.keys:
            err.print(f"    keys: {', '.join(failure.keys)}", soft_wrap=True)


def show_guards(tripped: "Sequence[GuardLine]", plan_id: str) -> None:
    for trip in tripped:
        err.print(f"{trip.partner} is not pushed: {trip.message}", style="red", soft_wrap=True)
        if trip.rows:
            err.print(f"    for example: {', '.join(trip.rows)}", soft_wrap=True)
    if tripped:
        kinds = " ".join(f"--allow {guard}" for guard in sorted({trip.guard for trip in tripped}))
        err.print(
            "Look at the rows: stammdaten plan --rows. If this is meant, for this one plan only:"
            f" stammdaten push --plan {plan_id} {kinds}",
            soft_wrap=True,
        )


def show_renumbered(pairs: "Sequence[RenumberedLine]") -> None:
    for pair in pairs[:SHOWN]:
        below = f", and {pair.below:,} below it" if pair.below else ""
        todo = (
            f"If it is one row under another number, first: {pair.command}"
            if pair.command
            else "The partner tells such records by our id alone, so they cannot be moved"
        )
        err.print(
            f"{pair.partner} {pair.entity}: {pair.former} is withdrawn and {pair.now} created with the same"
            f" content{below}. {todo}",
            soft_wrap=True,
            markup=False,
        )
    if len(pairs) > SHOWN:
        err.print(
            f"… and {len(pairs) - SHOWN:,} more; --json lists all, and all at once move with:"
            " stammdaten rekey PARTNER --planned"
        )


def invitation(report: "PlanReport") -> str:
    """How a plan is pushed; nothing after a guard, whose line says what it needs, and none for an empty plan."""
    if report.guards:
        return ""
    if not report.operations:
        return f"Plan {report.plan_id} is empty: there is nothing to push."
    return f"Plan {report.plan_id}: push exactly this with `stammdaten push --plan {report.plan_id}`."


def print_rows(
    report: Report, as_json: bool, heads: list[str], rows: list[list[Any]], note: str = ""
) -> None:
    if as_json:
        show_document(report)
        return
    table(heads, rows)
    if note:
        out.print(note)


def cells(lines: "Sequence[DataclassInstance]") -> list[list[Any]]:
    """The values of each line, in the order of its fields."""
    return [[getattr(line, field.name) for field in fields(line)] for line in lines]


def table(heads: list[str], rows: list[list[Any]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, head in enumerate(heads):
        numeric = bool(rows) and all(
            isinstance(row[place], int | float) or _number(row[place]) for row in rows
        )
        table.add_column(head, justify="right" if numeric else "left", no_wrap=head not in ("note",))
    last = None
    for row in rows:
        shown = ["" if value is None else str(value).replace("\n", "\\n") for value in row]
        if heads[0] == "partner" and shown[0] == last:
            shown[0] = ""
        else:
            last = shown[0]
        table.add_row(*shown)
    out.print(table)


def _number(value: object) -> bool:
    return isinstance(value, str) and value.replace(".", "", 1).isdigit()
