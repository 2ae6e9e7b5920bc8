"""What the commands share: options, progress bars, tables, and how a report is shown."""

import json
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from pipelines.settings import Vars, read_vars

# Without a terminal there is no width to keep to.
out = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
err = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else 160)

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


class Progressing:
    """Progress bars on a terminal; silence elsewhere."""

    def __init__(self, quiet: bool) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
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
            self._tasks[name] = self._bars.add_task(what, total=total or None)
        self._bars.update(self._tasks[name], description=what, completed=done, total=total or None)


def settings_of(stichtag: str | None, partners: list[str] | None, given: str | None) -> Vars:
    from pipelines.push.contract import partners as known

    return read_vars(known(), given, stichtag, partners or [])


def say(quiet: bool) -> Callable[[str], None]:
    def say(text: str) -> None:
        if not quiet:
            err.print(f"{datetime.now():%H:%M:%S}  {text}", soft_wrap=True)

    return say


def finish(report: dict[str, Any], as_json: bool) -> None:
    """Prints the closing table and ends with the exit status of the report."""
    if as_json:
        out.print_json(json.dumps(report))
        raise typer.Exit(report["exit"])
    show_failures(report.get("failures", []))
    show_guards(report.get("guards", []), report.get("plan_id", ""))
    for name, why in report.get("stopped", {}).items():
        err.print(f"{name}: {why}", style="red")
    if report.get("lines"):
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
        rows = [[*line.values()] for line in report["lines"]]
        table([*heads, "pending", "seconds"], [[*row[:-1], f"{row[-1]:.1f}"] for row in rows])
    for reason in report.get("reasons", []):
        err.print(
            f"{reason['partner']} {reason['entity']}: {reason['rows']} {reason['reason']}. {reason['how']}"
        )
    for note in report.get("notes", []):
        out.print(note, soft_wrap=True)
    raise typer.Exit(report["exit"])


def show_failures(failures: list[dict[str, Any]]) -> None:
    for failure in failures:
        what = f"{failure['partner']} is not pushed: {failure['node']} ({failure['status']}): {failure['message']}"
        err.print(what, style="red", soft_wrap=True)
        if failure["keys"]:
            err.print(f"    keys: {', '.join(failure['keys'])}", soft_wrap=True)


def show_guards(trips: list[dict[str, Any]], plan_id: str) -> None:
    for trip in trips:
        err.print(f"{trip['partner']} is not pushed: {trip['message']}", style="red", soft_wrap=True)
        if trip["rows"]:
            err.print(f"    for example: {', '.join(trip['rows'])}", soft_wrap=True)
    if trips:
        kinds = " ".join(f"--allow {guard}" for guard in sorted({trip["guard"] for trip in trips}))
        err.print(
            "Look at the rows: stammdaten plan --rows. If this is meant, for this one plan only:"
            f" stammdaten push --plan {plan_id} {kinds}",
            soft_wrap=True,
        )


def print_rows(
    report: dict[str, Any], as_json: bool, heads: list[str], rows: list[list[Any]], note: str = ""
) -> None:
    if as_json:
        out.print_json(json.dumps(report))
        return
    table(heads, rows)
    if note:
        out.print(note)


def table(heads: list[str], rows: list[list[Any]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, head in enumerate(heads):
        numeric = bool(rows) and all(
            isinstance(row[place], int | float) or _number(row[place]) for row in rows
        )
        table.add_column(head, justify="right" if numeric else "left", no_wrap=head not in ("note",))
    last = None
    for row in rows:
        shown = ["" if value is None else str(value) for value in row]
        if heads[0] == "partner" and shown[0] == last:
            shown[0] = ""
        else:
            last = shown[0]
        table.add_row(*shown)
    out.print(table)


def _number(value: object) -> bool:
    return isinstance(value, str) and value.replace(".", "", 1).isdigit()
