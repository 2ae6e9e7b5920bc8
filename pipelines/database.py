"""Connections to the DuckDB file. It has one writer: who finds it held by another program waits, and says for what."""

import re
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path

import duckdb

from pipelines import interrupt
from pipelines.errors import BusyError, StammdatenError
from pipelines.settings import wait_limit

POLL = 0.5
# Seconds that a run which was told to end waits on for the file.
WHEN_INTERRUPTED = 5.0
HELD = re.compile(r"Could not set lock|Conflicting lock|used by another process")


def open_file(path: Path, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """A connection at once. A file that this process has open for writing is shared, whatever `read_only` says.

    DuckDB opens a file in one way at a time. Raises `duckdb.IOException` when another program holds it.
    """
    try:
        return duckdb.connect(str(path), read_only=read_only)
    except duckdb.ConnectionException:
        return duckdb.connect(str(path))


@contextmanager
def kept_open(path: Path, if_free: bool = False) -> Iterator[None]:
    """Who opens the file inside the `with` shares this connection: it is opened, closed and written out once.

    Nothing where there is no file yet, nor, with `if_free`, where another program holds it. Raises like `connect`.
    """
    if not path.exists():
        yield
        return
    with _if_free(path) if if_free else connect(path):
        yield


def _if_free(path: Path) -> AbstractContextManager[object]:
    try:
        db: AbstractContextManager[object] = open_file(path, read_only=True)
    except duckdb.Error:
        return nullcontext()
    return db


@contextmanager
def writing(db: sqlite3.Connection) -> Iterator[None]:
    """One transaction of a book in SQLite, which is its writer from the first line on: all of it, or nothing."""
    db.execute("begin immediate")
    try:
        yield
        db.execute("commit")
    except BaseException:
        with suppress(sqlite3.Error):
            db.rollback()
        raise


def connect(
    path: Path, read_only: bool = False, is_over: Callable[[], bool] = lambda: False
) -> duckdb.DuckDBPyConnection:
    """A connection to the DuckDB file; while another program holds it, it is tried again (`STAMMDATEN_WAIT` seconds).

    `is_over` ends the waiting early, a signal soon. Raises `BusyError` when the file is still held then,
    `StammdatenError` when it cannot be opened at all.
    """
    limit = wait_limit()
    deadline = time.monotonic() + limit
    is_told = is_interrupted = False
    while True:
        try:
            return open_file(path, read_only)
        except duckdb.IOException as problem:
            holder = _holder(path, problem)
        if interrupt.exit_code() and not is_interrupted:
            deadline, is_interrupted = min(deadline, time.monotonic() + WHEN_INTERRUPTED), True
        if time.monotonic() >= deadline or is_over():
            raise BusyError(f"{path} is held by another program ({holder}); close it there and run again")
        if not is_told:
            print(
                f"Waiting up to {limit:g} s for {path}: {holder} holds it; close it there",
                file=sys.stderr,
                flush=True,
            )
            is_told = True
        time.sleep(min(POLL, max(0.0, deadline - time.monotonic())))


def _holder(path: Path, problem: duckdb.IOException) -> str:
    """The program that holds the file. Raises `StammdatenError` when that is not what is wrong."""
    text = str(problem)
    if not HELD.search(text):
        raise StammdatenError(
            f"{path} cannot be opened as a database ({said(problem)}); free the disk, mend its rights or restore it"
            " from a backup, or set STAMMDATEN_HOME to another folder"
        ) from None
    process = re.search(r"PID (\d+)", text)
    return f"process {process[1]}" if process else "another program"


def said(problem: BaseException) -> str:
    """What an error of DuckDB, SQLite or the disk says, in one line; of any other error its name: it may quote data."""
    if isinstance(problem, OSError):
        return problem.strerror or type(problem).__name__
    if isinstance(
        problem,
        sqlite3.Error | duckdb.IOException | duckdb.OutOfMemoryException | duckdb.TransactionException,
    ):
        return (str(problem).splitlines() or [type(problem).__name__])[0].strip()
    return type(problem).__name__
