"""What tests of backups say and look at."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from pipelines.cli.main import app
from pipelines.errors import StammdatenError
from tests.push.site import Rows
from tests.push.stock import HOUSE

ROOT = Path(__file__).resolve().parent.parent.parent
LEDGER = "select * exclude (last_run_id) from sync.ledger order by all"
EARLY: Rows = {
    **HOUSE,
    "mieter": [row for row in HOUSE["mieter"] if row["external_id"].startswith("001/1/01/0001")],
    "mietvertraege": [
        row for row in HOUSE["mietvertraege"] if row["external_id"].startswith("001/1/01/0001")
    ],
}


def asked(*words: str) -> Any:
    return CliRunner().invoke(app, list(words))


def said(*words: str) -> str:
    """What a command refuses."""
    done = asked(*words)
    assert isinstance(done.exception, StammdatenError), (done.stdout, done.exception)
    return str(done.exception)


def lose(home: Path) -> None:
    shutil.rmtree(home)


def files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def archive(folder: Path) -> Path:
    (found,) = [file for file in folder.iterdir() if ".tar" in file.name]
    return found


def child_at(word: str, code: str, *arguments: Path) -> "subprocess.Popen[str]":
    """A process that runs `code` and has said the word."""
    child = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", code, *map(str, arguments)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout
    assert child.stdout.readline() == f"{word}\n"
    return child


def in_little_room(*words: str | Path) -> "subprocess.CompletedProcess[str]":
    """A command in a process of its own that may write no file of more than a million bytes."""
    code = (
        "import resource, sys; from pipelines.cli.main import main\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))\n"
        "sys.argv[0] = 'stammdaten'; main()"
    )
    return subprocess.run(  # noqa: S603
        [sys.executable, "-c", code, *map(str, words)], cwd=ROOT, capture_output=True, text=True, check=False
    )
