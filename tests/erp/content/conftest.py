"""Readers of a folder, without and with the tables of the delivery in it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.erp.content import ContentReader
from pipelines.erp.content.folder import FolderSource
from pipelines.erp.content.source import Source
from tests.erp.content.store import Store, running

Reading = Callable[[Source], ContentReader]


@pytest.fixture
def reading(tmp_path: Path) -> Iterator[Reading]:
    """A reader of a source, closed at the end of the test."""
    spools = tmp_path / "tmp"
    spools.mkdir()
    readers: list[ContentReader] = []

    def make(source: Source) -> ContentReader:
        readers.append(ContentReader(source, spools))
        return readers[-1]

    yield make
    for reader in readers:
        reader.close()
    assert list(spools.iterdir()) == []


@pytest.fixture(scope="session")
def store() -> Iterator[Store]:
    """An object store that all tests share."""
    with running() as store:
        yield store


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "delivery"
    folder.mkdir()
    return folder


@pytest.fixture
def reader(place: Path, reading: Reading) -> ContentReader:
    """A reader of the delivery's own folder."""
    return reading(FolderSource(place, beside_tables=True))
