"""Rows of a database as Arrow batches of text: two table loaders for dlt's `sql_table`.

Both read through the `reader` that the door has opened in its snapshot (`backend_kwargs`). `times` names the columns
with points in time.
"""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import singledispatch
from select import select
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from dlt.sources.sql_database import BaseTableLoader, TableLoader
from pyarrow import csv

from pipelines.errors import DeliveryError

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn, PGresult

SECONDS_TO_CONNECT = 10
BATCH_ROWS = 20_000
BLOCK_BYTES = 2 << 20
MIDNIGHT = " 00:00:00"
# On its clock a stamp with a zone is told (rule C2).
ZONE = "Europe/Berlin"


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
        for rows in given["reader"].tables(statement, names):
            arrays = [
                _without_midnight(column) if name in given["times"] else column
                for name, column in zip(names, rows.columns, strict=True)
            ]
            yield pa.Table.from_arrays(arrays, names=names)


@contextmanager
def postgres_reader(connection: sa.Connection) -> Iterator["PostgresReader"]:
    """The connection itself, which hands out Arrow; it must be dropped afterwards."""
    from psycopg.pq import TransactionStatus

    driver: Any = connection.connection.driver_connection
    # It only waits while rows are stored.
    connection.execute(sa.text("set idle_in_transaction_session_timeout = 0"))
    with ThreadPoolExecutor(1) as thread:
        try:
            yield PostgresReader(driver.pgconn, thread)
        finally:
            # The thread may wait for rows that nobody wants any more.
            if driver.pgconn.transaction_status == TransactionStatus.ACTIVE:
                driver.cancel()


@dataclass(frozen=True)
class PostgresReader:
    """libpq's connection, read in a thread of its own: the next rows come while the former are stored."""

    connection: "PGconn"
    thread: ThreadPoolExecutor

    def tables(self, statement: str, names: Sequence[str]) -> Iterator[pa.Table]:
        """The rows of a statement, some thousand at a time; its columns get these names."""
        blocks = _copied(self.connection, statement)

        def read() -> pa.Table | None:
            block = next(blocks, None)
            return None if block is None else _parsed(block, names)

        following = self.thread.submit(read)
        while (table := following.result()) is not None:
            following = self.thread.submit(read)
            yield table


def _copied(connection: "PGconn", statement: str) -> Iterator[bytearray]:
    """The rows of a statement as CSV in UTF-8, in blocks of whole rows. Raises the errors of psycopg."""
    from psycopg.errors import ConnectionFailure, OperationalError
    from psycopg.pq import ExecStatus

    copy = f"copy ({statement}) to stdout (format csv, encoding 'utf8')"
    _check(connection.exec_(copy.encode()), ExecStatus.COPY_OUT)
    try:
        yield from _blocks(connection)
    except OperationalError as problem:
        # What the server says comes as a result; libpq itself fails only with the connection, and has no code for it.
        raise ConnectionFailure(str(problem)) from None
    while (result := connection.get_result()) is not None:
        _check(result, ExecStatus.COMMAND_OK)


def _blocks(connection: "PGconn") -> Iterator[bytearray]:
    block, size = bytearray(), 0
    while size >= 0:
        # One row, or 0 where none has come yet, or -1 behind the last one.
        size, row = connection.get_copy_data(1)
        if size == 0:
            select([connection.socket], [], [])
            connection.consume_input()
        # Copied at once: rows that are kept each on its own cost twice the time.
        block += row
        if len(block) >= BLOCK_BYTES or (size < 0 and block):
            yield block
            block = bytearray()


def _check(result: "PGresult", wanted: int) -> None:
    from psycopg.errors import error_from_result

    if result.status != wanted:
        raise error_from_result(result)


def _parsed(block: bytearray, names: Sequence[str]) -> pa.Table:
    """Rows of PostgreSQL's CSV as columns of text. NULL is what is empty and not in quotes."""
    try:
        return csv.read_csv(
            pa.BufferReader(block),
            csv.ReadOptions(column_names=names, use_threads=False, block_size=len(block)),
            csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:
        # Arrow's message holds the value; nothing of it may be chained to ours.
        pass
    raise DeliveryError("a value is no text in UTF-8; mend it, or the encoding of the database")


def _without_midnight(texts: pa.ChunkedArray) -> pa.ChunkedArray:
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
    text = re.sub(r"\.0$", "", repr(value))
    # A large one stays as it is: its last digits are lost (rule C8).
    return format(Decimal(text), "f") if "e-" in text else text


@written.register
def _(value: datetime) -> str:
    local = value.astimezone(ZoneInfo(ZONE)) if value.tzinfo else value
    if value.time() == time() and value.date() == local.date():
        # A date, made a stamp in another zone by a tool.
        return value.date().isoformat()
    return local.replace(tzinfo=None).isoformat(sep=" ").removesuffix(MIDNIGHT)


@written.register(date)
@written.register(time)
def _(value: date | time) -> str:
    return value.isoformat()
