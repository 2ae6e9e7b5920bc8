"""The commands `alerts` and `watch`. Registered in `main.py`."""

import typer

from pipelines.cli import terminal
from pipelines.settings import home

alerts_app = typer.Typer()


@alerts_app.callback(invoke_without_command=True)
def alerts_command(context: typer.Context, as_json: terminal.AsJson = False) -> None:
    """List what is wrong now, as the last run or watch found it, and which targets have not been told yet.

    Each `stammdaten run`, `push` and `watch` looks anew and tells the targets (ALERTS__TARGETS__<name>, addresses of
    apprise: mail, Teams, Slack, …) once when something begins and once when it is over. Exit 1: something is wrong. The
    same with SQL: sync.alerts. All settings: docs/alerts.md.
    """
    if context.invoked_subcommand:
        return
    from pipelines.alerts.alerts import open_report

    report = open_report(home())
    rows = [[a.kind, a.partner, a.what, a.begun_at, a.text] for a in report.open]
    terminal.print_rows(report, as_json, ["kind", "partner", "what", "since (UTC)", "note"], rows)
    if not as_json:
        for line in report.waiting:
            terminal.out.print(f"{line.target} has to be told {line.waiting} yet: {line.why}", soft_wrap=True)
        for note in report.notes:
            terminal.out.print(note, soft_wrap=True)
    raise terminal.end(report)


@alerts_app.command("test")
def try_command(as_json: terminal.AsJson = False) -> None:
    """Send each target a test message, and say what became of it. Exit 1: one did not take it, or there is none."""
    from pipelines.alerts.alerts import check_report

    report = check_report()
    rows = [[line.target, "taken" if line.taken else "not taken", line.why] for line in report.targets]
    terminal.print_rows(report, as_json, ["target", "message", "note"], rows, "\n".join(report.notes))
    raise terminal.end(report)


def watch_command(variables: terminal.VarsOption = None, as_json: terminal.AsJson = False) -> None:
    """Look whether something is wrong, also whether a run that was due did not take place, and tell the targets.

    A timer calls it (stammdaten schedule). It asks no partner, waits for no run, and says something only where
    something has begun or is over, or a target did not take its message, once: cron mails nothing else. Exit 1:
    something is wrong, told or not; 2: its settings are.
    """
    from pipelines.alerts.alerts import watch_report

    report = watch_report(home(), lambda: terminal.settings_of(None, None, variables))
    if as_json:
        terminal.show_document(report)
        raise terminal.end(report)
    for line in report.begun:
        terminal.out.print(f"new:  {line.text}", style="red", soft_wrap=True)
    for line in report.over:
        terminal.out.print(f"over: {line.text}", style="green", soft_wrap=True)
    for target in report.targets:
        if not target.taken and not target.again:
            terminal.err.print(
                f"{target.target} was not told ({target.why}); it is tried again. Try it: stammdaten alerts test",
                style="yellow",
                soft_wrap=True,
            )
    if report.begun or report.over:
        for note in report.notes:
            terminal.err.print(note, soft_wrap=True)
    raise terminal.end(report)
