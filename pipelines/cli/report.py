"""The commands `report` and `metrics`: what runs did, for a browser and for Prometheus. Registered in `main.py`."""

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli import terminal
from pipelines.settings import home


def report_command(
    run_id: Annotated[
        str | None,
        typer.Argument(metavar="ID", help="As `stammdaten runs` lists it; default is the last run."),
    ] = None,
    is_opened: Annotated[
        bool, typer.Option("--open", help="Open it in the browser of this machine.")
    ] = False,
    as_json: terminal.AsJson = False,
) -> None:
    """Make the page of a run, and the list of all runs: files for a browser, which ask nobody for anything.

    Each run writes its page by itself, reports/<run>.html under the home, also one that failed; one that was killed
    gets its page from the next. Status by partner, what is refused, blocked or held and what to do about it, counts
    against the last 20 runs, findings by rule, the way from the ERP's tables to the partners, what is due next. No
    value of a row is in it, so it may be passed on.
    """
    from pipelines.run_page.files import report

    made = report(home(), run_id, terminal.due())
    page = made.page or made.index
    if as_json:
        terminal.show_document(made)
    else:
        terminal.out.print(page, soft_wrap=True)
        terminal.out.print(f"All runs: {made.index}", soft_wrap=True)
    for note in made.notes:
        terminal.err.print(note, style="yellow", soft_wrap=True)
    if is_opened and not webbrowser.open(Path(page).as_uri()):
        terminal.err.print(
            "No browser is known here. Copy the file to a machine that has one: it stands for itself.",
            style="yellow",
            soft_wrap=True,
        )


def metrics_command(
    file: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write this file, whole or not at all.")
    ] = None,
) -> None:
    """Print the metrics of the last runs for the textfile collector of Prometheus' node exporter.

    Each run writes them by itself where STAMMDATEN_METRICS names a file (….prom). What there is, alert rules and a
    board for Grafana: docs/monitoring.md.
    """
    from pipelines.history.metrics import metrics_text, write_metrics

    if file:
        write_metrics(home(), file)
    else:
        terminal.out.print(metrics_text(home()).rstrip("\n"), soft_wrap=True)
