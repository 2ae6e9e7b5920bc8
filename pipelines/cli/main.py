"""The command line `stammdaten`. Exit 0: everything delivered; 1: something was not; 2: nothing was sent.

128 and the number of the signal after SIGINT (130), SIGTERM (143) and SIGHUP (129).
"""

import io
import logging
import os
import re
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer

from pipelines import interrupt
from pipelines.cli.alerts import alerts_app, watch_command
from pipelines.cli.backup import backup_command, restore_command, snapshot_command
from pipelines.cli.check import adopt_command, rekey_command, verify_command
from pipelines.cli.dagster import dagster_command
from pipelines.cli.diff import diff_command
from pipelines.cli.doctor import doctor_command
from pipelines.cli.fleet import fleet_app
from pipelines.cli.init import init_command, show_version
from pipelines.cli.look import explain_command, forget_command
from pipelines.cli.partner import partner_app
from pipelines.cli.report import metrics_command, report_command
from pipelines.cli.runs import KeepDays, runs_app
from pipelines.cli.schedule import schedule_command
from pipelines.cli.terminal import (
    AsJson,
    LogFormat,
    Partners,
    Progressing,
    ShowPersonalData,
    Stichtag,
    UsageError,
    UseCase,
    VarsOption,
    cells,
    end,
    err,
    finish,
    invitation,
    noted,
    out,
    print_rows,
    recorded,
    say,
    settings_of,
    show_document,
    show_failures,
    show_guards,
    show_renumbered,
    show_warnings,
    table,
    tell,
    usage_line,
)
from pipelines.errors import SentError, SettingsError
from pipelines.history.run_file import KEEP_DAYS
from pipelines.settings import home, project_root, working_folder
from pipelines.unexpected import exit_status, line_of

app = typer.Typer(
    name="stammdaten",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=(
        "ERP master data of a housing company to its partner systems.\n\n"
        "An ERP delivery is loaded, dbt builds one mart for each record a partner should hold, the plan says what"
        " differs from what the partner holds, and the push sends exactly that.\n\n"
        "Start with `stammdaten run`: without any settings it works on a sample portfolio and a local sandbox. Where"
        " the program is installed rather than checked out, make a folder for it first: `stammdaten init DIR`."
    ),
    epilog=(
        "Exit status: 0 everything is delivered; 1 something is not (refused, held back by a guard or a failing test,"
        " a partner given up), or was found to differ; 2 settings or input are wrong and nothing was sent; 130, 143"
        " ended by Ctrl-C or SIGTERM, what came back is noted and the next run goes on."
    ),
)


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=show_version,
            is_eager=True,
            help="Show the versions of the program and of what it stands on, and where its docs lie.",
        ),
    ] = False,
) -> None:
    pass


app.command("init")(init_command)


@app.command()
def run(
    stichtag: Stichtag = None,
    partner: Partners = None,
    use_case: UseCase = None,
    variables: VarsOption = None,
    as_json: AsJson = False,
    keep_days: KeepDays = KEEP_DAYS,
    log_format: LogFormat = "text",
) -> None:
    """Load the ERP, build the marts, plan, and push what differs.

    This is what a schedule calls. Running it again is always safe: what is delivered is not sent twice, and what an
    interrupted run left open is settled first. See what a push would do with `stammdaten plan`.

    Vacancies have a rhythm of their own, at most hourly: --use-case leerstaende reads the tables that they need, builds
    what they need, and plans and pushes them alone. What else was loaded, built and sent before stays as it is.

    What it did stands in `stammdaten runs`; history of more than --keep-days days is removed at the end.

    Without an ERP (SOURCES__ERP__KIND) and without partner addresses it works on a sample portfolio of about 500
    units and a local sandbox, so that you can look at everything first.
    """
    from pipelines.still_current.as_left import settings_now
    from pipelines.still_current.repeat import leave_again, run_as_left

    asked = settings_now(variables)
    found, left_by = None, None
    with Progressing(as_json) as progress, recorded("run", use_case, log_format) as run:
        if not (partner or use_case):
            found = run_as_left(home(), asked, stichtag, say(as_json), keep_days)
        if found:
            run.jobs = found[0].jobs
            report = run.told(found[1])
        else:
            # What loads, builds and sends is imported where there may be something to do.
            from pipelines.commands.run import run_all, warnings
            from pipelines.still_current.leaving import leaving

            settings = run.given(settings_of(stichtag, partner, variables, use_case))
            left_by = leaving(home(), settings, asked, stichtag)
            report = run.told(run_all(home(), settings, say(as_json), progress, keep_days))
    if found:
        leave_again(found[0], home(), report, run.run_id)
    elif left_by:
        left_by.leave(report, run.run_id, lambda: warnings(home(), settings))
    finish(noted(report, run), as_json)


@app.command()
def load(
    stichtag: Stichtag = None,
    partner: Partners = None,
    use_case: UseCase = None,
    variables: VarsOption = None,
    as_json: AsJson = False,
    log_format: LogFormat = "text",
) -> None:
    """Load the ERP delivery into the raw layer, as a whole or not at all. Nothing is built or sent.

    With --use-case only the tables that it needs are read, and all others stay as they were loaded before.

    Needs SOURCES__ERP__KIND=files and SOURCES__ERP__FILES__FOLDER=<folder>.
    """
    from pipelines.commands.run import load_only

    with Progressing(as_json) as progress, recorded("load", use_case, log_format) as run:
        settings = run.given(settings_of(stichtag, partner, variables, use_case))
        loaded = run.told(load_only(home(), settings, progress))
    print_rows(loaded, as_json, ["table", "rows"], [[name, number] for name, number in loaded.rows.items()])
    if not as_json:
        for note in loaded.notes:
            err.print(note, style="yellow", soft_wrap=True)


@app.command()
def build(
    stichtag: Stichtag = None,
    partner: Partners = None,
    use_case: UseCase = None,
    variables: VarsOption = None,
    as_json: AsJson = False,
    log_format: LogFormat = "text",
) -> None:
    """Build staging and marts with dbt and run the data tests. The same as `dbt build`, with a shorter report.

    Needs a load before. A partner with a failing test is not pushed; the test and the keys of its rows are named.
    Next: `stammdaten plan`.
    """
    from pipelines.commands.run import build_only

    with Progressing(as_json) as progress, recorded("build", use_case, log_format) as run:
        settings = run.given(settings_of(stichtag, partner, variables, use_case))
        report = run.told(build_only(home(), settings, progress))
    finish(report, as_json)


@app.command()
def plan(
    stichtag: Stichtag = None,
    partner: Partners = None,
    use_case: UseCase = None,
    variables: VarsOption = None,
    as_json: AsJson = False,
    with_rows: Annotated[
        bool, typer.Option("--rows", help="Show each row with its fields, old → new.")
    ] = False,
    show_personal_data: ShowPersonalData = False,
) -> None:
    """Compare the marts with the ledger and show what a push would do. Nothing is sent.

    Needs a build before. The operations lie in the table sync.plan, one row each, in the order of sending; --rows
    shows them with each field, and `stammdaten push --plan ID` sends exactly them. Exit 1: a guard or a failing test
    would keep a partner back.
    """
    from pipelines.commands.run import plan_only

    with Progressing(as_json) as progress, recorded("plan", use_case) as run:
        settings = run.given(settings_of(stichtag, partner, variables, use_case))
        report = run.told(plan_only(home(), settings, progress, with_rows, show_personal_data))
    if as_json:
        show_document(report)
        raise end(report)
    heads = [
        "partner",
        "entity",
        "in mart",
        "create",
        "update",
        "withdraw",
        "unchanged",
        "given up",
        "held",
        "match",
        "delivered",
        "by law",
        "documents",
        "bytes",
    ]
    lines = cells(report.plan)
    if not any(line.documents for line in report.plan):
        heads, lines = heads[:-2], [line[:-2] for line in lines]
    table(heads, lines)
    for row in report.rows or ():
        law = f" (by law, {row.by_law})" if row.by_law else ""
        out.print(f"{row.partner} {row.entity} {row.operation} {row.external_id}{law}", soft_wrap=True)
        for change in row.fields:
            out.print(f"    {change.field}: {change.old} → {change.new}", soft_wrap=True)
    show_warnings(report.warnings)
    show_failures(report.failures)
    show_renumbered(report.renumbered)
    show_guards(report.guards, report.plan_id)
    if invites := invitation(report):
        out.print(invites, soft_wrap=True)
    raise end(report)


@app.command()
def push(
    stichtag: Stichtag = None,
    partner: Partners = None,
    use_case: UseCase = None,
    variables: VarsOption = None,
    as_json: AsJson = False,
    plan_id: Annotated[
        str | None, typer.Option("--plan", metavar="ID", help="Send exactly this plan.")
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GUARD",
            help="Lift a guard (withdraw, create, update, shrink, renumber) for this one plan.",
        ),
    ] = None,
    retry_rejected: Annotated[
        bool,
        typer.Option("--retry-rejected", help="Try rows again that were given up after several refusals."),
    ] = False,
    log_format: LogFormat = "text",
) -> None:
    """Send what differs to the partners: a new plan, or exactly the one given with --plan.

    Ctrl-C lets the requests under way come back, notes what came of them, and ends; the next push goes on from there.
    A plan that is too large to be meant is held back by a guard until it is allowed by name: look at its rows first.
    """
    from pipelines.commands.run import push_only

    with Progressing(as_json) as progress, recorded("push", use_case, log_format) as run:
        settings = run.given(settings_of(stichtag, partner, variables, use_case))
        report = run.told(push_only(home(), settings, plan_id, allow or [], retry_rejected, progress))
    finish(noted(report, run), as_json)


@app.command()
def status(
    stichtag: Stichtag = None, partner: Partners = None, variables: VarsOption = None, as_json: AsJson = False
) -> None:
    """Show the last load and run, what is due, what each partner holds, and what waits and why. Reads only; exit 0.

    Why one row waits: `stammdaten explain PARTNER KEY`.
    """
    from pipelines.commands.run import status_report

    report = status_report(home(), settings_of(stichtag, partner, variables))
    if as_json:
        show_document(report)
        return
    kind = " (changes only)" if report.last_load_kind == "increment" else ""
    out.print(f"Last load: {report.last_load or 'none'}{kind}")
    out.print(f"Database:  {report.database}", soft_wrap=True)
    for run in report.last_runs:
        which = f"run --use-case {run.use_case}" if run.use_case else "run"
        out.print(f"Last {which}: {run.begun_at}, exit {run.exit}, {run.what}", soft_wrap=True)
    for due in report.next_runs:
        out.print(f"Next due:  {due.at} {due.command}", soft_wrap=True)
    table(["partner", "entity", "state", "reason", "rows"], cells(report.ledger))
    if report.held:
        out.print("Held: in doubt, so it stays at the partner as it is (rule H1)")
        table(["partner", "entity", "rule", "rows", "note"], cells(report.held))
    if report.findings:
        table(["rule", "table", "partner", "rows", "note"], cells(report.findings))
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
    """List the partners: switched on or off, what each gets, and how a record leaves it.

    --moved tells that the system of a partner has another address now; its ledger is used on.
    """
    from pipelines.commands.run import partner_report

    report = partner_report(home(), settings_of(stichtag, None, variables), moved)
    if as_json:
        show_document(report)
        return
    heads = ["partner", "on", "entity", "from", "one record leaves by", "note"]
    table(heads, cells(report.entities))
    for note in report.notes:
        out.print(note, style="yellow")


@app.command()
def sample(
    units: Annotated[int, typer.Option(help="Number of Verwaltungseinheiten.", min=10)] = 500,
    seed: Annotated[int, typer.Option(help="Same seed and units, same bytes.")] = 1,
    folder: Annotated[str, typer.Option("--out", help="Folder to write the delivery into.")] = "sample",
    documents: Annotated[
        bool, typer.Option("--documents", help="Write the files of documents, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write a sample delivery: real Berlin addresses, invented people, and every trouble real exports have."""
    from pipelines.erp.sample import write_documents, write_sample
    from pipelines.reports.look import SampleReport

    if not folder.strip():
        raise SettingsError("--out: is empty; name a folder, it is made where it is not there")
    with Progressing(as_json) as progress:
        rows = write_sample(Path(folder), units, seed, progress)
        if documents:
            write_documents(Path(folder))
    print_rows(
        SampleReport(folder=folder, rows=rows),
        as_json,
        ["table", "rows"],
        [[k, v] for k, v in rows.items()],
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
    """Play all partners on this machine, from their contracts. Stop it with Ctrl-C; / shows what they hold.

    Without a partner of your own, `run`, `plan`, `push`, `adopt` and `verify` on the sample find it by themselves, as
    long as it keeps its state where they look (no --state). An error of its own is told here, not to the caller.
    """
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
    interrupt.clear()


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Keeps log lines of libraries, which may quote data, out of the output."""
    warnings.simplefilter("ignore")
    # The helper process of multiprocessing takes these over, and outlives a run that ends at once.
    sys.warnoptions.append("ignore::UserWarning:multiprocessing.resource_tracker")
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


app.command("adopt")(adopt_command)
app.command("verify")(verify_command)
app.command("rekey")(rekey_command)
app.command("diff")(diff_command)
app.command("explain")(explain_command)
app.command("forget")(forget_command)
app.command("schedule")(schedule_command)
app.command("doctor")(doctor_command)
app.command("dagster")(dagster_command)
app.command("metrics")(metrics_command)
app.command("report")(report_command)
app.command("watch")(watch_command)
app.command("backup")(backup_command)
app.command("restore")(restore_command)
app.command("snapshot")(snapshot_command)
app.add_typer(partner_app, name="partner")
app.add_typer(runs_app, name="runs")
app.add_typer(alerts_app, name="alerts")
app.add_typer(fleet_app, name="fleet")


def main() -> None:
    """Entry point. Whatever happens ends in one line on stderr and a documented exit status, never in a trace."""
    _open_streams()
    sys.unraisablehook = lambda _: None
    threading.excepthook = lambda caught: _complain(caught.exc_value) if caught.exc_value else None
    with interrupt.handled():
        try:
            _check_arguments(sys.argv[1:])
            with quiet_libraries():
                status = typer.main.get_command(app).main(prog_name="stammdaten", standalone_mode=False)
        except BaseException as problem:
            status = _status_after(problem)
        if interrupt.exit_code():
            what = "run again to go on" if interrupt.was_sending() else "nothing was sent"
            err.print(f"Ended by a signal; {what}.")
        sys.exit(interrupt.exit_code() or (status if isinstance(status, int) else 0))


def _check_arguments(given: list[str]) -> None:
    for place, text in enumerate(given, 1):
        if re.search("[\ud800-\udfff]", text):
            raise SettingsError(f"word {place} of the command is not UTF-8; type it in a UTF-8 terminal")


def _status_after(problem: BaseException) -> int:
    """Says what went wrong; returns the exit status that it means."""
    if isinstance(problem, SystemExit):
        return problem.code if isinstance(problem.code, int) else 2
    if interrupt.exit_code():  # libraries turn it into errors of many kinds
        if isinstance(problem, SentError):
            _complain(problem)
        return 1
    _complain(problem)
    return exit_status(problem)


def _complain(problem: BaseException) -> None:
    tell("error", f"Error: {_line_of(problem)}", style="red")


def _line_of(problem: BaseException) -> str:
    if isinstance(problem, UsageError):
        return usage_line(problem)
    if isinstance(problem, typer.Abort):
        return "stopped at the question; nothing was changed"
    folder = None
    with suppress(Exception):
        folder = home()
    return line_of(problem, folder) + _whose_settings(problem)


def _whose_settings(problem: BaseException) -> str:
    """Names the folder whose settings are wrong, unless the line does already: there may be several."""
    if isinstance(problem, SettingsError):
        with suppress(SettingsError):
            folder = working_folder()
            if folder != project_root() and str(folder) not in str(problem):
                return f" (settings of {folder})"
    return ""


def _open_streams() -> None:
    """Opens what the caller closed (a file of ours would get its number), and lets no sign be too much for a stream."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "r" if number == 0 else "w", closefd=False))  # noqa: SIM115 -- for good
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    main()
