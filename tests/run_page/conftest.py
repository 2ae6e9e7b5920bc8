"""A home of its own with a history of our choice, and a browser without a network."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.run_page.browser import Browser, installed


@pytest.fixture
def home(own_home: Path) -> Path:
    return own_home


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if not installed():
        pytest.skip("no Chromium is installed, so no page is looked at: apt-get install chromium")
    with Browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened
