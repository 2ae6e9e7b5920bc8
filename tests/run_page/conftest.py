"""A home of its own with a history of our choice, and a browser without a network."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.run_page.browser import Browser, installed


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in [n for n in os.environ if n.upper().startswith(("DESTINATION__", "SOURCES__"))]:
        monkeypatch.delenv(name)
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("STAMMDATEN_HOME", str(folder))
    former = os.umask(0o022)
    os.umask(former)
    yield folder
    os.umask(former)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if not installed():
        pytest.skip("no Chromium is installed, so no page is looked at: apt-get install chromium")
    with Browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened
