"""The command `metrics`. Registered in `main.py`."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli import terminal
from pipelines.settings import home


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
