"""Runs a macro over hand-written vectors, all of them in one query."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import duckdb
import pytest


@pytest.fixture
def evaluate(render_sql: Callable[..., str]) -> Callable[..., list[Any]]:
    """`evaluate("{{ datum('wert') }}", ["31.01.2026", None])` gives one result a value.

    Several arguments: name them, `evaluate(template, rows, columns={"a": "varchar", "b": "integer"})`.
    """

    def run(
        template: str, values: Sequence[Any], columns: Mapping[str, str] | None = None, **vars: Any
    ) -> list[Any]:
        columns = columns or {"wert": "varchar"}
        rows = [value if isinstance(value, tuple) else (value,) for value in values]
        with duckdb.connect() as connection:
            typed = ", ".join(f"{name} {type_}" for name, type_ in columns.items())
            connection.execute(f"create table vectors (zeile integer, {typed})")
            marks = ", ".join("?" for _ in range(len(columns) + 1))
            connection.executemany(
                f"insert into vectors values ({marks})", [(line, *row) for line, row in enumerate(rows)]
            )
            query = f"select {render_sql(template, **vars)} from vectors order by zeile"
            return [row[0] for row in connection.execute(query).fetchall()]

    return run
