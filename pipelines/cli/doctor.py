"""The command `doctor`. Registered in `main.py`."""

from typing import Annotated

import typer

from pipelines.cli import terminal
from pipelines.settings import home

STYLES = {"well": "green", "look": "yellow", "wrong": "red"}


def doctor_command(
    with_login: Annotated[
        bool,
        typer.Option("--login/--no-login", help="Whether to log in at each partner; nothing else is sent."),
    ] = True,
    variables: terminal.VarsOption = None,
    as_json: terminal.AsJson = False,
) -> None:
    """Say whether all is well with this installation, line by line, and what to do where it is not.

    Settings, a login at each partner (nothing else is sent, and nothing changed), schedule, last run and whether one is
    overdue, clocks, disk, versions, permissions, age of the backup (STAMMDATEN_BACKUP names its folder), who is told by
    alerts. Exit 1: something is wrong. A timer calls it with --no-login, so that somebody hears of a run that did not
    come.
    """
    from pipelines.alerts.alerts import who_hears
    from pipelines.doctor.doctor import doctor_report

    at = home()
    report = doctor_report(
        at,
        lambda: terminal.settings_of(None, None, variables),
        with_login,
        {"alerts": lambda: who_hears(at)},
    )
    if as_json:
        terminal.show_document(report)
        raise terminal.end(report)
    for line in report.checks:
        about = f" {line.subject}" if line.subject else ""
        terminal.out.print(
            f"{line.state:5}  {line.what}{about}: {line.text}", style=STYLES[line.state], soft_wrap=True
        )
        if line.todo:
            terminal.out.print(f"       → {line.todo}", soft_wrap=True)
    raise terminal.end(report)
