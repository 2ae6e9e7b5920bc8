"""Fixtures of the engine's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import pipelines.partners
from pipelines.contract import contract
from pipelines.sandbox.server import Sandbox
from tests.push.site import Site

SHAPES = Path(__file__).parent / "shapes"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with Sandbox(state=tmp_path / "sandbox.sqlite") as sandbox:
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        (tmp_path / "home").mkdir()
        made = Site(tmp_path / "home", sandbox, keeps_open=True)
        yield made
        made.close()


@pytest.fixture
def shapes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site whose partners are the small ones of `shapes/`: one for each way in which partners speak."""
    monkeypatch.setattr(contract, "FOLDER", SHAPES)
    monkeypatch.setattr(pipelines.partners, "__path__", [*pipelines.partners.__path__, str(SHAPES)])
    with Sandbox(state=tmp_path / "sandbox.sqlite") as sandbox:
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        (tmp_path / "home").mkdir()
        made = Site(tmp_path / "home", sandbox, keeps_open=True)
        yield made
        made.close()
