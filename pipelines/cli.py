"""The command line `stammdaten`. Exit 0: everything delivered; 1: something was not; 2: nothing was sent."""

import json
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from pipelines.errors import StammdatenError
from pipelines.settings import Vars, home, read_vars

app = typer.Typer(
    name="stammdaten",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help=(
        "ERP master data of a housing company to its partner systems.\n\n"
        "An ERP delivery is loaded, dbt builds one mart for each record a partner should hold, the plan says what"
        " differs from what the partner holds, and the push sends exactly that.\n\n"
        "Start with `stammdaten run`: without any settings it works on a sample portfolio and a local sandbox."
    ),
    epilog=(
        "Exit status: 0 everything delivered, 1 something was not delivered, 2 settings or input are wrong and nothing"
        " was sent."
    ),
)
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
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=total or None)
        self._bars.update(self._tasks[what], completed=done, total=total or None)


def _settings(stichtag: str | None, partners: list[str] | None, given: str | None) -> Vars:
    from pipelines.push.contract import partners as known

    return read_vars(known(), given, stichtag, partners or [])


@app.command()
def run(
    stichtag: Stichtag = None, partner: Partners = None, variables: VarsOption = None, as_json: AsJson = False
) -> None:
    """Load the ERP, build the marts, plan, and push what differs.

    Without an ERP (SOURCES__ERP__KIND) and without partner addresses it works on a sample portfolio of about 500
    units and a local sandbox, so that you can look at everything first.
    """
    from pipelines.flow import run_all

    with Progressing(as_json) as progress:
        report = run_all(home(), _settings(stichtag, partner, variables), _say(as_json), progress)
    _finish(report, as_json)


@app.command()
def load(
    stichtag: Stichtag = None, partner: Partners = None, variables: VarsOption = None, as_json: AsJson = False
) -> None:
    """Load the ERP delivery into the raw layer, as a whole or not at all.

    Needs SOURCES__ERP__KIND=files and SOURCES__ERP__FILES__FOLDER=<folder>.
    """
    from pipelines.flow import load_only

    with Progressing(as_json) as progress:
        loaded = load_only(home(), _settings(stichtag, partner, variables), progress)
    _print(loaded, as_json, ["table", "rows"], [[name, number] for name, number in loaded["rows"].items()])
    if not as_json:
        for note in loaded["notes"]:
            err.print(note, style="yellow", soft_wrap=True)


@app.command()
def build(
    stichtag: Stichtag = None, partner: Partners = None, variables: VarsOption = None, as_json: AsJson = False
) -> None:
    """Build staging and marts with dbt and run the data tests. The same as `dbt build`, with a shorter report."""
    from pipelines.flow import build_only

    with Progressing(as_json) as progress:
        report = build_only(home(), _settings(stichtag, partner, variables), progress)
    _finish(report, as_json)


@app.command()
def plan(
    stichtag: Stichtag = None,
    partner: Partners = None,
    variables: VarsOption = None,
    as_json: AsJson = False,
    with_rows: Annotated[
        bool, typer.Option("--rows", help="Show each row with its fields, old → new.")
    ] = False,
    show_personal_data: ShowPersonalData = False,
) -> None:
    """Compare the marts with the ledger and show what a push would do. Nothing is sent.

    The operations lie in the table sync.plan, one row each, in the order of sending.
    """
    from pipelines.flow import plan_only

    with Progressing(as_json) as progress:
        settings = _settings(stichtag, partner, variables)
        report = plan_only(home(), settings, progress, with_rows, show_personal_data)
    if as_json:
        out.print_json(json.dumps(report))
        raise typer.Exit(report["exit"])
    heads = ["partner", "entity", "in mart", "create", "update", "withdraw", "unchanged", "given up"]
    _table(heads, [list(line.values()) for line in report["plan"]])
    for row in report.get("rows", []):
        out.print(f"{row['partner']} {row['entity']} {row['operation']} {row['external_id']}", soft_wrap=True)
        for change in row["fields"]:
            out.print(f"    {change['field']}: {change['old']} → {change['new']}", soft_wrap=True)
    _show_failures(report["failures"])
    _show_guards(report["guards"], report["plan_id"])
    out.print(
        f"Plan {report['plan_id']}: push exactly this with `stammdaten push --plan {report['plan_id']}`."
    )
    raise typer.Exit(report["exit"])


@app.command()
def push(
    stichtag: Stichtag = None,
    partner: Partners = None,
    variables: VarsOption = None,
    as_json: AsJson = False,
    plan_id: Annotated[
        str | None, typer.Option("--plan", metavar="ID", help="Send exactly this plan.")
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GUARD", help="Lift a guard (withdraw, create, update, shrink) for this one plan."
        ),
    ] = None,
    retry_rejected: Annotated[
        bool,
        typer.Option("--retry-rejected", help="Try rows again that were given up after several refusals."),
    ] = False,
) -> None:
    """Send what differs to the partners: a new plan, or exactly the one given with --plan."""
    from pipelines.flow import push_only

    with Progressing(as_json) as progress:
        settings = _settings(stichtag, partner, variables)
        report = push_only(home(), settings, plan_id, allow or [], retry_rejected, progress)
    _finish(report, as_json)


@app.command()
def status(
    stichtag: Stichtag = None, partner: Partners = None, variables: VarsOption = None, as_json: AsJson = False
) -> None:
    """Show the last load, what each partner holds, and what is waiting and why."""
    from pipelines.flow import status_report

    report = status_report(home(), _settings(stichtag, partner, variables))
    if as_json:
        out.print_json(json.dumps(report))
        return
    out.print(f"Last load: {report['last_load'] or 'none'}")
    out.print(f"Database:  {report['database']}", soft_wrap=True)
    _table(
        ["partner", "entity", "state", "reason", "rows"], [list(line.values()) for line in report["ledger"]]
    )
    if report["findings"]:
        _table(["rule", "table", "partner", "rows"], [list(line.values()) for line in report["findings"]])
        out.print("Rows by rule: select * from quality.findings", style="dim")


@app.command()
def partners(
    stichtag: Stichtag = None,
    variables: VarsOption = None,
    as_json: AsJson = False,
    moved: Annotated[
        str | None,
        typer.Option("--moved", metavar="NAME", help="The system of this partner has a new address."),
    ] = None,
) -> None:
    """List the partners: switched on or off, what each gets, and how a record leaves it."""
    from pipelines.flow import partner_report

    report = partner_report(home(), _settings(stichtag, None, variables), moved)
    if as_json:
        out.print_json(json.dumps(report))
        return
    heads = ["partner", "on", "entity", "from", "one record leaves by", "note"]
    _table(heads, [list(line.values()) for line in report["entities"]])
    for note in report["notes"]:
        out.print(note, style="yellow")


@app.command()
def sample(
    units: Annotated[int, typer.Option(help="Number of Verwaltungseinheiten.", min=10)] = 500,
    seed: Annotated[int, typer.Option(help="Same seed and units, same bytes.")] = 1,
    folder: Annotated[Path, typer.Option("--out", help="Folder to write the delivery into.")] = Path(
        "sample"
    ),
    as_json: AsJson = False,
) -> None:
    """Write a sample delivery: real Berlin addresses, invented people, and every trouble real exports have."""
    from pipelines.erp.sample import write_sample

    with Progressing(as_json) as progress:
        rows = write_sample(folder, units, seed, progress)
    _print(
        {"folder": str(folder), "rows": rows}, as_json, ["table", "rows"], [[k, v] for k, v in rows.items()]
    )


@app.command()
def sandbox(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.", min=1, max=65535)] = 8650,
    state: Annotated[Path | None, typer.Option(help="File that keeps what the partners hold.")] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PARTNER.NAME=VALUE", help="How a partner behaves, e.g. etg24.external_ids=documented."
        ),
    ] = None,
) -> None:
    """Play all partners on this machine, from their contracts. Stop it with Ctrl-C; / shows what they hold."""
    from pipelines.sandbox.options import parse_options
    from pipelines.sandbox.server import serve

    def announce(url: str, environment: dict[str, str]) -> None:
        out.print(f"The partners answer on {url} (stop with Ctrl-C). To talk to them:")
        for name, value in sorted(environment.items()):
            out.print(f"export {name}={value}", soft_wrap=True)

    serve(
        state or home() / "sandbox.sqlite",
        port,
        parse_options(option or []),
        lambda running: announce(running.url, running.environment()),
    )


def _say(quiet: bool) -> Callable[[str], None]:
    def say(text: str) -> None:
        if not quiet:
            err.print(f"{datetime.now():%H:%M:%S}  {text}", soft_wrap=True)

    return say


def _finish(report: dict[str, Any], as_json: bool) -> None:
    """Prints the closing table and ends with the exit status of the report."""
    if as_json:
        out.print_json(json.dumps(report))
        raise typer.Exit(report["exit"])
    _show_failures(report.get("failures", []))
    _show_guards(report.get("guards", []), report.get("plan_id", ""))
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
        _table([*heads, "pending", "seconds"], [[*row[:-1], f"{row[-1]:.1f}"] for row in rows])
    for reason in report.get("reasons", []):
        err.print(
            f"{reason['partner']} {reason['entity']}: {reason['rows']} {reason['reason']}. {reason['how']}"
        )
    for note in report.get("notes", []):
        out.print(note, soft_wrap=True)
    raise typer.Exit(report["exit"])


def _show_failures(failures: list[dict[str, Any]]) -> None:
    for failure in failures:
        what = f"{failure['partner']} is not pushed: {failure['node']} ({failure['status']}): {failure['message']}"
        err.print(what, style="red", soft_wrap=True)
        if failure["keys"]:
            err.print(f"    keys: {', '.join(failure['keys'])}", soft_wrap=True)


def _show_guards(trips: list[dict[str, Any]], plan_id: str) -> None:
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


def _print(
    report: dict[str, Any], as_json: bool, heads: list[str], rows: list[list[Any]], note: str = ""
) -> None:
    if as_json:
        out.print_json(json.dumps(report))
        return
    _table(heads, rows)
    if note:
        out.print(note)


def _table(heads: list[str], rows: list[list[Any]]) -> None:
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


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Keeps log lines of libraries, which may quote data, out of the output."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def main() -> None:
    """Entry point: errors a user can mend are one line on stderr."""
    try:
        with quiet_libraries():
            app()
    except StammdatenError as problem:
        err.print(f"Error: {problem}", style="red", soft_wrap=True)
        sys.exit(problem.exit_code)


if __name__ == "__main__":
    main()
