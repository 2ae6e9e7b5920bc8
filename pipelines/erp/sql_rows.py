"""Rows of a database as Arrow batches of text: two table loaders for dlt's `sql_table`.

Both read through the `reader` that the door has opened in its snapshot (`backend_kwargs`): the connection itself, or a
second one. `times` names the columns with points in time.
"""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import singledispatch
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from dlt.sources.sql_database import BaseTableLoader, TableLoader

from pipelines.errors import DeliveryError

SECONDS_TO_CONNECT = 10
BATCH_ROWS = 20_000
BATCH_BYTES = 8 << 20
MIDNIGHT = " 00:00:00"


class CursorLoader(TableLoader):  # type: ignore[misc]
    """Rows through the driver's own cursor, a batch at a time; for every database."""

    def _load_rows(self, query: Any, backend_kwargs: dict[str, Any]) -> Iterator[pa.Table]:
        connection, names = backend_kwargs["reader"], [column.name for column in self.table.columns]
        with connection.execute(query, execution_options={"yield_per": BATCH_ROWS}) as result:
            for rows in result.partitions():
                columns = zip(*rows, strict=True)
                arrays = [_texts(name, values) for name, values in zip(names, columns, strict=True)]
                yield pa.Table.from_arrays(arrays, names=names)


class PostgresLoader(BaseTableLoader):  # type: ignore[misc]
    """Rows as PostgreSQL copies them out, made Arrow outside of Python. Every value is a text already."""

    def load_rows(self, backend_kwargs: dict[str, Any] | None = None) -> Iterator[pa.Table]:
        given, names = backend_kwargs or {}, [column.name for column in self.table.columns]
        # For psycopg, percent signs are written twice.
        statement = self.compile_query(self.make_query()).replace("%%", "%")
        for batch in given["reader"].batches(statement):
            arrays = [
                _without_midnight(array) if name in given["times"] else array
                for name, array in zip(names, batch.columns, strict=True)
            ]
            yield pa.Table.from_arrays(arrays, names=names)


@contextmanager
def postgres_reader(connection: sa.Connection) -> Iterator["PostgresReader"]:
    """A second connection, which sees what the first one sees and hands out Arrow."""
    from adbc_driver_postgresql import dbapi  # type: ignore[import-untyped]

    snapshot = connection.execute(sa.text("select pg_export_snapshot()")).scalar()
    # The first one only waits from now on.
    connection.execute(sa.text("set idle_in_transaction_session_timeout = 0"))
    with dbapi.connect(_address(connection.engine.url)) as second, ThreadPoolExecutor(1) as thread:
        with second.cursor() as cursor:
            cursor.execute("set transaction isolation level repeatable read, read only")
            cursor.execute(f"set transaction snapshot '{snapshot}'")
        try:
            yield PostgresReader(second, thread)
        finally:
            # The thread may wait for rows that nobody wants any more.
            second.adbc_cancel()


@dataclass(frozen=True)
class PostgresReader:
    """A connection that is read in a thread of its own: the next rows come while the former are stored."""

    connection: Any
    thread: ThreadPoolExecutor

    def batches(self, statement: str) -> Iterator[pa.RecordBatch]:
        """The rows of a statement."""
        options = {"adbc.postgresql.batch_size_hint_bytes": str(BATCH_BYTES)}
        with self.connection.cursor(adbc_stmt_kwargs=options) as cursor:
            cursor.execute(statement)
            batches = iter(cursor.fetch_record_batch())
            following = self.thread.submit(next, batches, None)
            while (batch := following.result()) is not None:
                following = self.thread.submit(next, batches, None)
                yield batch


def _address(url: sa.URL) -> str:
    limits = {"connect_timeout": str(SECONDS_TO_CONNECT), "client_encoding": "utf8"}
    given = url.set(drivername="postgresql", query={**limits, **url.query})
    return str(given.render_as_string(hide_password=False))


def _without_midnight(texts: pa.Array) -> pa.Array:
    """Midnight is written as the date alone: dates come as time stamps from many tools."""
    if not pc.any(pc.ends_with(texts, MIDNIGHT)).as_py():
        return texts
    return pc.replace_substring_regex(texts, f"{MIDNIGHT}$", "")


def _texts(column: str, values: Sequence[Any]) -> pa.Array:
    """The values of a driver as text, NULL as NULL."""
    if {type(value) for value in values} <= {str, type(None)}:
        return pa.array(values, pa.string())
    try:
        return pa.array([None if value is None else written(value) for value in values], pa.string())
    except TypeError:
        pass
    raise DeliveryError(f"column {column} holds bytes, lists or records; select it as text")


@singledispatch
def written(value: Any) -> str | None:
    """A value of a driver as text, as `parquet_file.as_text` writes it. Raises `TypeError` for bytes and the like."""
    raise TypeError


@written.register(str)
@written.register(int)
@written.register(UUID)
def _(value: str | int | UUID) -> str:
    return str(value)


@written.register
def _(value: bool) -> str:
    return "true" if value else "false"


@written.register
def _(value: Decimal) -> str | None:
    return format(value, "f") if value.is_finite() else None


@written.register
def _(value: float) -> str | None:
    if value != value:
        return None
    return re.sub(r"\.0$", "", repr(value))


@written.register
def _(value: datetime) -> str:
    return value.replace(tzinfo=None).isoformat(sep=" ").removesuffix(MIDNIGHT)


@written.register(date)
@written.register(time)
def _(value: date | time) -> str:
    return value.isoformat()
