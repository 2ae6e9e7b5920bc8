"""The delivery of `staging_rows.py`, built once for all tests of staging."""

from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from tests.conftest import erp_tables
from tests.staging.staging_rows import DELIVERY, NONSENSE, STICHTAG

Query = Callable[[str], list[tuple[Any, ...]]]

# Seeds and models before the partners.
LAYERS = [
    "loeschkennzeichen",
    "platzhalter",
    "woerter",
    "laendernamen",
    "path:models/staging",
    "path:models/intermediate",
]


@pytest.fixture(scope="session")
def staging(build: Callable[..., duckdb.DuckDBPyConnection]) -> duckdb.DuckDBPyConnection:
    # One more row in each table: no column of it can be read.
    tables = {
        table: [*DELIVERY.get(table, []), dict.fromkeys(columns, NONSENSE)]
        for table, columns in erp_tables().items()
    }
    return build(tables, select=LAYERS, vars={"stichtag": STICHTAG, "partners": {}}, tests=True)


@pytest.fixture
def query(staging: duckdb.DuckDBPyConnection) -> Query:
    """Rows of one query on what was built; a single column comes as plain values."""

    def run(sql: str) -> list[Any]:
        rows = staging.execute(sql).fetchall()
        return [row[0] if len(row) == 1 else row for row in rows]

    return run


@pytest.fixture
def findings(query: Query) -> Callable[..., list[Any]]:
    """`findings("L3", "gebaeude")` gives (key, column, value, reason) of that rule and table, sorted."""

    def run(rule: str, table: str) -> list[Any]:
        return query(
            "select key, column_name, value, reason from quality.findings "
            f"where rule = '{rule}' and table_name = '{table}' and key not like '{NONSENSE}%' order by all"
        )

    return run
