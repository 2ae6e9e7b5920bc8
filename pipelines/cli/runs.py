"""The commands below `runs`: what runs did and how they ended. Registered in `main.py`."""

from typing import Annotated

import typer

from pipelines.cli import terminal
from pipelines.history.run_file import KEEP_DAYS
from pipelines.settings import home

runs_app = typer.Typer()

KeepDays = Annotated[
    int, typer.Option("--keep-days", metavar="N", min=1, help="How many days of history are kept.")
]


@runs_app.callback(invoke_without_command=True)
def runs_command(
    context: typer.Context,
    most: Annotated[int, typer.Option("--last", metavar="N", min=1, help="So many runs.")] = 20,
    as_json: terminal.AsJson = False,
) -> None:
    """List what ran here, the last run first: when, how long, how it ended. Reads only.

    A run that was killed stands here, too (ended without a word), and so does one that could not start. All of one
    run: `stammdaten runs show ID`. The same with SQL: sync.runs and sync.run_…, as a page: `stammdaten report ID`.
    """
    if context.invoked_subcommand:
        return
    from pipelines.history.shown import runs_report

    report = runs_report(home(), most)
    heads = ["run", "command", "use case", "begun (UTC)", "seconds", "exit", "note"]
    rows = [
        [run.run_id, run.command, run.use_case, run.begun_at, run.seconds, run.exit, run.what]
        for run in report.runs
    ]
    terminal.print_rows(report, as_json, heads, rows, "\n".join(report.notes))


@runs_app.command("show")
def show_command(
    run_id: Annotated[
        str | None,
        typer.Argument(metavar="ID", help="As `stammdaten runs` lists it; default is the last run."),
    ] = None,
    as_json: terminal.AsJson = False,
) -> None:
    """Show one run: steps, partners, counts by entity, by state and reason and by rule, and what to do about it.

    Records by state are those that are not simply at the partner, as they stood after the run; --json has all of them,
    and the rows at each station from the ERP's tables to the marts.
    """
    from pipelines.history.shown import show_report

    report = show_report(home(), run_id)
    if as_json:
        terminal.show_document(report)
        return
    run = report.run
    _say(f"Run {run.run_id}: stammdaten {run.command}{f' --use-case {run.use_case}' if run.use_case else ''}")
    _say(f"    begun {run.begun_at}, {run.what}", style="bold")
    if report.advice:
        _say(f"    {report.advice}")
    known = {"exit status": run.exit, "load": run.load_id, "plan": run.plan_id, "key date": report.stichtag}
    _say(f"    {', '.join(f'{name} {value}' for name, value in known.items() if value is not None)}")
    _say(f"    settings {report.settings}; {', '.join(f'{k} {v}' for k, v in report.versions.items())}")
    terminal.table(
        ["step", "seconds"], [[k, "unfinished" if v is None else v] for k, v in report.steps.items()]
    )
    for what in report.partners:
        if what.result != "pushed":
            _say(f"{what.partner}: {what.result} ({what.why})", style="red")
    if report.entities:
        heads = ["partner", "entity", "in mart", "created", "updated", "withdrawn", "unchanged", "rejected", "blocked",
                 "pending", "held", "delivered", "seconds", "requests"]  # fmt: skip
        terminal.table(
            heads, [[*row[:-2], f"{row[-2]:.1f}", row[-1]] for row in terminal.cells(report.entities)]
        )
    waiting = [line for line in report.states if line.reason or line.state not in ("synced", "withdrawn")]
    if waiting:
        heads = ["partner", "entity", "state", "reason", "records", "at the partner"]
        terminal.table(heads, terminal.cells(tuple(waiting)))
        _say("What a reason means: docs/reason-codes.md")
    if report.rules:
        terminal.table(["rule", "table", "partner", "rows"], terminal.cells(report.rules))


@runs_app.command("tidy")
def tidy_command(
    keep_days: KeepDays = KEEP_DAYS,
    apply: Annotated[bool, typer.Option("--apply", help="Remove it; without it nothing changes.")] = False,
    as_json: terminal.AsJson = False,
) -> None:
    """Show what is older than is kept, with its size, and what the home takes; --apply removes it.

    Each `stammdaten run` does so at its end. What partners hold, open plans, the last outcome of each record and what
    guards compare with stay, however old.
    """
    from pipelines.commands.run import tidy_report
    from pipelines.run_page.files import list_again

    report = tidy_report(home(), keep_days, apply)
    if apply and (trouble := list_again(home(), terminal.due())):
        terminal.err.print(f"The list of pages: not written ({trouble}).", style="yellow", soft_wrap=True)
    heads = ["what", "there", "removed" if apply else "old", "bytes"]
    terminal.print_rows(report, as_json, heads, terminal.cells(report.lines))
    if not as_json:
        terminal.table(["in the home", "bytes"], terminal.cells(report.home))
        _say("\n".join([f"Older than {report.before} (UTC).", *report.notes]))


def _say(text: str, style: str = "") -> None:
    terminal.out.print(text, style=style, soft_wrap=True)
