"""docs/tutorial.md as a script: each command is typed by a shell, and prints what stands below it."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.test_package import Installed, wheel

__all__ = ["wheel"]
ROOT = Path(__file__).resolve().parent.parent
TUTORIAL = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"(?ms)^```(sh|text)\n(.*?)^```$")


def steps(text: str) -> list[tuple[str, list[str]]]:
    """Each block of commands, with the lines that it prints."""
    found: list[tuple[str, list[str]]] = []
    for kind, block in BLOCK.findall(text):
        if kind == "sh":
            found.append((block, []))
        else:
            found[-1][1].extend(block.splitlines())
    return found


def missing(expected: list[str], printed: str) -> list[str]:
    """Lines that were not printed; white space counts for nothing, `…` stands for anything."""
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    patterns = {line: ".*".join(map(re.escape, " ".join(line.split()).split("…"))) for line in expected}
    return [line for line, wanted in patterns.items() if not any(re.fullmatch(wanted, one) for one in lines)]


def test_a_line_that_was_not_printed_is_found() -> None:
    printed = "etg24   einheiten  472   0\nPlan 12ab is empty\n"
    assert missing(["etg24 einheiten 472 …", "Plan … is empty"], printed) == []
    assert missing(["etg24 einheiten 47 …", "Plan … is"], printed) == ["etg24 einheiten 47 …", "Plan … is"]


def test_each_step_but_a_change_of_files_says_what_is_seen() -> None:
    found = steps(TUTORIAL)
    assert len(found) >= 12
    silent = [commands for commands, expected in found if not expected]
    assert [commands.split()[0] for commands in silent] == ["cd", "mkdir"]
    assert "pip install --no-deps stammdaten-0.1.0-py3-none-any.whl" in TUTORIAL


@pytest.mark.slow
def test_the_tutorial_is_what_one_sees(wheel: Path, tmp_path: Path) -> None:
    installed = Installed(wheel, tmp_path / "venv")
    strange = ("DESTINATION__", "SOURCES__", "STAMMDATEN_", "DBT_", "DLT_", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(strange)}
    env = {**kept, "PATH": f"{installed.bin}:{kept['PATH']}", "COLUMNS": "220"}
    folder = tmp_path
    for commands, expected in steps(TUTORIAL):
        script = f"{commands}\npwd > {tmp_path}/where\n"
        ended = subprocess.run(  # noqa: S603
            ["bash", "-e", "-c", script],  # noqa: S607
            cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, f"{commands}\n{ended.stdout}"
        assert missing(expected, ended.stdout) == [], f"{commands}\n{ended.stdout}"
        folder = Path((tmp_path / "where").read_text(encoding="utf-8").strip())
