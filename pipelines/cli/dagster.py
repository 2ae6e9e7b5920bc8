"""The command `dagster`: its folder under the home, then Dagster in the place of this process.

Registered in `main.py`.
"""

import os
import signal
import sys
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import Annotated

import typer

from pipelines.cli.terminal import out
from pipelines.errors import SettingsError
from pipelines.settings import home, working_folder

FOLDER, SETTINGS = "dagster", "dagster.yaml"
MODULE = "pipelines.orchestration"


def dagster_command(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.", min=1, max=65535)] = 3000,
    start: Annotated[
        bool, typer.Option("--start/--no-start", help="Whether to start it, or to make its folder alone.")
    ] = True,
) -> None:
    """Start Dagster on this machine: page, schedules, queue and alerts over the same runs that the commands make.

    Its folder is `dagster` under STAMMDATEN_HOME, readable by its owner only; dagster.yaml in it is made once and then
    yours. Dagster has no login: it listens on 127.0.0.1 alone, and whoever may open its page may push. Stop it with
    Ctrl-C; what an interrupted run left open is settled by the next one. Needs pip install 'stammdaten[dagster]'.
    """
    if find_spec("dagster_webserver") is None or find_spec("dagster_dbt") is None:
        raise SettingsError(
            "Dagster is not installed; it is an extra of this program: pip install 'stammdaten[dagster]'"
        )
    at, folder = home(), working_folder()
    made = prepare(at)
    words = [sys.executable, "-m", "dagster", "dev", "-m", MODULE, "-h", "127.0.0.1", "-p", str(port)]
    if not start:
        out.print(f"export STAMMDATEN_HOME={at} DAGSTER_HOME={made}", soft_wrap=True)
        out.print(f"cd {folder} && dagster {' '.join(words[3:])}", soft_wrap=True)
        return
    os.chdir(folder)
    # A shell that starts it in the background has it ignore the signal that it takes for its end.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    variables = {"STAMMDATEN_HOME": str(at), "DAGSTER_HOME": str(made)}
    os.execve(sys.executable, words, {**os.environ, **variables})  # noqa: S606


def prepare(at: Path) -> Path:
    """The folder of Dagster under a home, with its settings; those that are there are left alone."""
    folder = at / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    file = folder / SETTINGS
    if not file.exists():
        text = Path(__file__).with_name("dagster.template").read_text(encoding="utf-8")
        file.write_text(Template(text).substitute(folder=folder), encoding="utf-8")
    return folder
