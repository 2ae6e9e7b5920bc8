"""Fixtures of the engine's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.sandbox.server import Sandbox
from tests.push.site import Site


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with Sandbox(state=tmp_path / "sandbox.sqlite") as sandbox:
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        (tmp_path / "home").mkdir()
        yield Site(tmp_path / "home", sandbox)
