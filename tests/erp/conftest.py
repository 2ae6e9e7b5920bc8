"""A right delivery in a folder, and a database to look at."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from pipelines.erp.database.dialects import DIALECTS, Dialect
from tests.erp.delivery import DELIVERY
from tests.erp.postgres import TEMPLATE, Erp, Server, running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a delivery that is complete and right."""
    delivery = tmp_path / "delivery"
    delivery.mkdir()
    for name, text in DELIVERY.items():
        (delivery / name).write_text(text, encoding="utf-8")
    return delivery


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


class Database:
    """Asks the database of a home, one connection a question."""

    def __init__(self, home: Path) -> None:
        self._path = home / "stammdaten.duckdb"

    def rows(self, sql: str) -> list[tuple]:
        with duckdb.connect(str(self._path), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def columns(self, table: str) -> list[str]:
        return [
            name
            for (name,) in self.rows(
                "select column_name from duckdb_columns() "
                f"where schema_name = 'erp_raw' and table_name = '{table}' order by column_index"
            )
        ]


@pytest.fixture
def database(home: Path) -> Database:
    return Database(home)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server with one database: the right delivery."""
    with running() as server:
        server.create(TEMPLATE, DELIVERY)
        yield server


@pytest.fixture
def erp(postgres: Server) -> Iterator[Erp]:
    database = Erp(postgres)
    yield database
    database.drop()


@pytest.fixture(params=["arrow", "cursor"])
def way(request, monkeypatch) -> str:
    """PostgreSQL's own way of reading, and the one for all databases."""
    if request.param == "cursor":
        plain, own = Dialect(), DIALECTS["postgresql"]
        changed = replace(own, value=plain.value, loader=plain.loader, reader=plain.reader)
        monkeypatch.setitem(DIALECTS, "postgresql", changed)
    return request.param
