"""A home with a real partner on loopback behind it, and a folder for its backups."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.commands import build as dbt
from pipelines.commands import run as flow
from tests.push.site import Site


@pytest.fixture
def home(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in [n for n in os.environ if n.startswith(("BACKUP__", "ALERTS__", "STAMMDATEN_"))]:
        monkeypatch.delenv(name)
    site.keeps_open = False
    site.home.chmod(0o700)
    monkeypatch.setenv("STAMMDATEN_HOME", str(site.home))
    monkeypatch.setattr(dbt, "check_settings", lambda *_: None)
    monkeypatch.setattr(flow, "check_built", lambda *_: None)
    monkeypatch.setattr(dbt, "check_marts", lambda *_: dbt.Build())
    former = os.umask(0o022)
    os.umask(former)
    yield site.home
    os.umask(former)


@pytest.fixture
def to(tmp_path: Path, home: Path) -> Path:
    folder = tmp_path / "backups"
    folder.mkdir(mode=0o700)
    return folder
