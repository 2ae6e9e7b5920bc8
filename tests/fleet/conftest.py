"""What dbt reads of the project, read once; a folder for the files of customers."""

from pathlib import Path

import pytest

from tests.fleet.night import companies


@pytest.fixture(scope="session")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What dbt has read of the project, which takes longer than to build it."""
    with companies(tmp_path_factory.mktemp("first"), ["z"], 10) as made:
        done = made["z"].alone("run")
        assert done.returncode == 0, done.stderr
        return Path(made["z"].home) / "dbt" / "partial_parse.msgpack"


@pytest.fixture
def customers(tmp_path: Path) -> Path:
    folder = tmp_path / "customers"
    folder.mkdir()
    return folder
