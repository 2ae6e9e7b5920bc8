"""The commands below `fleet`: many customers at once. Registered in `main.py`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli import terminal
from pipelines.reports.fleet import CustomerLine

fleet_app = typer.Typer(
    no_args_is_help=True,
    help="Run the customers of an integrator: each in a process of its own, as many at once as there are cores.",
)
# What the process of a customer does: this program.
ENTRY = "pipelines.cli.main:main"
STYLES = {"well": "green", "look": "yellow", "wrong": "red", "running": "", "never": ""}

Customers = Annotated[
    Path,
    typer.Argument(
        metavar="CUSTOMERS", help="Folder with a NAME.toml each, or one table: TOML, CSV, Parquet."
    ),
]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="NAME", help="This customer; may be given several times."),
]
Address = Annotated[
    str | None,
    typer.Option(
        "--address", metavar="ADDRESS", help="A Ray cluster (HOST:6379, auto); default: this machine alone."
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers", metavar="N", min=1, help="So many at once on this machine; default: its cores."
    ),
]


@fleet_app.command("run")
def run_command(
    customers: Customers,
    only: Only = None,
    use_case: terminal.UseCase = None,
    address: Address = None,
    workers: Workers = None,
    as_json: terminal.AsJson = False,
) -> None:
    """Do `stammdaten run` for each customer: the earliest deadline first, then the largest.

    A customer is as isolated as it is alone: its own process, environment, folder, home and log. What fails there
    is a line here, and stops nobody. One whose worker dies is run again, three times at most. Ctrl-C ends those at
    work as it ends `stammdaten run`. Exit 1: somebody has to look.
    """
    from pipelines.fleet.fleet import RUN

    words = tuple((*one, "--use-case", use_case) if use_case else one for one in RUN)
    _carry_out(customers, words, only, address, workers, as_json)


@fleet_app.command("plan")
def plan_command(
    customers: Customers,
    only: Only = None,
    address: Address = None,
    workers: Workers = None,
    as_json: terminal.AsJson = False,
) -> None:
    """Load, build and plan for each customer: what tonight's run would do. Nothing is sent."""
    from pipelines.fleet.fleet import PLAN

    _carry_out(customers, PLAN, only, address, workers, as_json)


@fleet_app.command("status")
def status_command(customers: Customers, only: Only = None, as_json: terminal.AsJson = False) -> None:
    """Show the last run of each customer, how old it is, and when the next is due. Reads their homes only."""
    from pipelines.fleet.fleet import status_report

    report = status_report(customers, only or [], datetime.now(UTC))
    heads = ["customer", "state", "exit", "begun (UTC)", "hours ago", "note", "next due (UTC)", "overdue"]
    rows = [[*row[:-1], "yes" if row[-1] else ""] for row in terminal.cells(report.customers)]
    terminal.print_rows(report, as_json, heads, rows)
    raise terminal.end(report)


@fleet_app.command("report")
def report_command(customers: Customers, only: Only = None, as_json: terminal.AsJson = False) -> None:
    """Make one page over all customers: who needs a person, and for what. It asks nobody for anything.

    Each customer's own pages lie in reports/ under its home, as ever.
    """
    from pipelines.fleet.fleet import page_report

    report = page_report(customers, only or [], datetime.now(UTC))
    rows = [[line.customer, line.state, line.begun_at, line.what] for line in report.customers]
    terminal.print_rows(report, as_json, ["customer", "state", "begun (UTC)", "note"], rows, report.page)


@fleet_app.command("doctor")
def doctor_command(
    customers: Customers,
    only: Only = None,
    address: Address = None,
    workers: Workers = None,
    with_login: Annotated[
        bool,
        typer.Option(
            "--login/--no-login", help="Whether to log in at each partner, too; nothing else is sent."
        ),
    ] = False,
    as_json: terminal.AsJson = False,
) -> None:
    """Look at the settings of each customer, where it will run. Nothing is loaded, built or sent.

    Secrets are read where they lie, settings are checked as `stammdaten doctor` does. Exit 1: something is wrong.
    """
    from pipelines.fleet.fleet import doctor_report

    report = doctor_report(customers, ENTRY, only or [], address, workers, with_login)
    if as_json:
        terminal.show_document(report)
        raise terminal.end(report)
    for one in report.customers:
        for line in one.checks:
            if line.state == "wrong":
                about = f" {line.subject}" if line.subject else ""
                terminal.out.print(
                    f"{one.customer}: {line.what}{about}: {line.text}", style="red", soft_wrap=True
                )
                if line.todo:
                    terminal.out.print(f"       → {line.todo}", soft_wrap=True)
    wrong = sum(any(line.state == "wrong" for line in one.checks) for one in report.customers)
    terminal.out.print(f"{len(report.customers):,} customers: {wrong:,} with something wrong")
    raise terminal.end(report)


def _carry_out(
    customers: Path,
    commands: tuple[tuple[str, ...], ...],
    only: list[str] | None,
    address: str | None,
    workers: int | None,
    as_json: bool,
) -> None:
    from pipelines.fleet.fleet import carried_out

    def tell(line: CustomerLine) -> None:
        if not as_json:
            took = f" ({line.seconds:.1f} s)" if line.seconds else ""
            terminal.err.print(
                f"{line.state:5}  {line.customer}: {line.what}{took}",
                style=STYLES[line.state],
                soft_wrap=True,
            )

    report = carried_out(customers, ENTRY, commands, only or [], address, workers, tell)
    if as_json:
        terminal.show_document(report)
        raise terminal.end(report)
    for line in report.customers:
        if line.state != "well":
            terminal.out.print(f"{line.customer}: {line.what}", style=STYLES[line.state], soft_wrap=True)
            if line.todo:
                terminal.out.print(f"       → {line.todo}", soft_wrap=True)
    terminal.out.print(f"{len(report.customers):,} customers: {report.counts}; {report.seconds:,.0f} s")
    raise terminal.end(report)
