"""A home of its own, and commands in this process as a person types them."""

import os
from pathlib import Path

import pytest


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [n for n in os.environ if n.upper().startswith(("DESTINATION__", "SOURCES__"))]:
        monkeypatch.delenv(name)
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("STAMMDATEN_HOME", str(folder))
    former = os.umask(0o022)
    os.umask(former)
    yield folder
    os.umask(former)
