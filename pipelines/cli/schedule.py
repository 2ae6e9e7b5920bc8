"""The command `schedule`: units for systemd or lines for cron. Registered in `main.py`."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli import terminal


def schedule_command(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="systemd or cron.", show_default=False)],
    folder: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Write files there; none that is there is written over."),
    ] = None,
    variables: terminal.VarsOption = None,
    as_json: terminal.AsJson = False,
) -> None:
    """Print what makes this installation run by itself: units for systemd, or lines for cron.

    Master data on Tuesday, Thursday and Sunday at 05:00 German time; vacancies hourly in the day and documents daily,
    where a partner that is on gets some. With folder, program, owner and STAMMDATEN_… as they are here. For systemd, as
    root: stammdaten schedule systemd --out /etc/systemd/system && systemctl daemon-reload && systemctl enable --now
    stammdaten.timer
    """
    from pipelines.schedule.report import schedule_report

    report = schedule_report(kind, folder, terminal.settings_of(None, None, variables))
    if as_json:
        terminal.show_document(report)
        return
    for name, text in report.files.items():
        if folder:
            terminal.out.print(f"written: {folder / name}", soft_wrap=True)
            continue
        if kind == "systemd":
            terminal.out.print(f"# /etc/systemd/system/{name}", soft_wrap=True)
        terminal.out.print(text, soft_wrap=True)
    for note in report.notes:
        terminal.err.print(note, style="yellow", soft_wrap=True)
