"""Writes the delivery: a Parquet file a table and `kontrolle.csv`, under the final name only when all is there."""

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.erp.delivery.delivery import ROW_NUMBER
from pipelines.erp.delivery.schema import Table, tables
from pipelines.erp.files.complete import CONTROL_COLUMNS, CONTROL_FILE
from pipelines.erp.files.parquet_file import MASKED
from pipelines.errors import RunningError, SettingsError
from pipelines.progress import Progress
from pipelines.snapshot.columns import personal_places

# Hidden, so that a load passes it over; a folder without it is nothing that may be replaced.
MARK = ".stammdaten-snapshot"
LOCK = ".lock"
ROWS = 65_536


def checked_out(given: str, home: Path, replace: bool) -> Path:
    """The folder to write. Raises `SettingsError` where something lies there that would be lost, or must not."""
    out = Path(os.path.abspath(Path(given).expanduser()))
    if out.is_symlink():
        raise SettingsError(f"{out}: is a link; name the folder itself")
    real, at_home = out.parent.resolve() / out.name, home.resolve()
    if real.is_relative_to(at_home) or at_home.is_relative_to(real):
        raise SettingsError(f"{out}: lies in the home, or the home in it; name another folder")
    if not out.parent.is_dir():
        raise SettingsError(f"{out.parent}: is not there; make it first, or name another folder")
    if not os.access(out.parent, os.W_OK | os.X_OK):
        raise SettingsError(f"{out.parent}: is read-only for you; name another folder")
    if not out.exists():
        return real
    if not out.is_dir():
        raise SettingsError(f"{out}: is a file; name a folder that is not there yet")
    there = {file.name for file in out.iterdir()}
    own = {MARK, CONTROL_FILE, *(f"{name}.parquet" for name in tables())}
    if there and not (MARK in there and there <= own):
        raise SettingsError(
            f"{out}: is not empty, and holds other things than a snapshot; name another folder"
        )
    if there and not replace:
        raise SettingsError(f"{out}: holds a snapshot; name another folder, or give --replace")
    return real


@contextmanager
def unfinished(out: Path) -> Iterator[Path]:
    """A folder beside `out` that takes its name when the block ends well, and is removed when it does not.

    What a killed snapshot left is removed first. Raises `RunningError` while another one writes there.
    """
    part, old = out.with_name(f".{out.name}.part"), out.with_name(f".{out.name}.old")
    part.mkdir(mode=0o700, exist_ok=True)
    with (part / LOCK).open("w") as lock:
        _take(lock, out)
        _empty(part)
        try:
            yield part
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        (part / LOCK).unlink()
        shutil.rmtree(old, ignore_errors=True)
        if out.exists() and any(out.iterdir()):
            out.rename(old)
        part.rename(out)
        shutil.rmtree(old, ignore_errors=True)


def write_tables(db: duckdb.DuckDBPyConnection, folder: Path, progress: Progress) -> dict[str, int]:
    """Writes the tables that have rows, and those that a delivery must have; returns the rows of each."""
    rows = {}
    for number, table in enumerate(tables().values()):
        progress("writing", number, len(tables()))
        count = _rows(db, table.name)
        if count or table.required:
            _write(db, table, folder / f"{table.name}.parquet")
            rows[table.name] = count
    lines = [",".join(CONTROL_COLUMNS[0]), *(f"{name},{count}" for name, count in rows.items())]
    _write_text(folder / CONTROL_FILE, "\n".join(lines) + "\n")
    _write_text(folder / MARK, "Persons in this delivery are invented (docs/snapshot.md).\n")
    progress("writing", len(tables()), len(tables()))
    return rows


def _rows(db: duckdb.DuckDBPyConnection, table: str) -> int:
    [(counted,)] = db.execute(f"select count(*) from sent_{table}").fetchall()
    return int(counted)


def _write(db: duckdb.DuckDBPyConnection, table: Table, path: Path) -> None:
    schema = pa.schema([(column, pa.string()) for column in table.columns], metadata=MASKED)
    rows = db.sql(_replaced(table, _searched_columns(db)[table.name])).to_arrow_reader(ROWS)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        with pq.ParquetWriter(file, schema, compression="zstd") as writer:
            waiting: list[pa.RecordBatch] = []
            for batch in rows:
                waiting.append(batch)
                if sum(one.num_rows for one in waiting) >= ROWS:
                    whole = pa.Table.from_batches(waiting).cast(schema)
                    writer.write_table(whole.slice(0, ROWS))
                    waiting = whole.slice(ROWS).to_batches()
            if waiting:
                writer.write_table(pa.Table.from_batches(waiting).cast(schema))
        file.flush()
        os.fsync(file.fileno())


def _searched_columns(db: duckdb.DuckDBPyConnection) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {name: set() for name in tables()}
    for table, column in db.execute("select distinct table_name, column_name from searched").fetchall():
        found[table].add(column)
    return {name: frozenset(columns) for name, columns in found.items()}


def _replaced(table: Table, searched: frozenset[str]) -> str:
    """The rows in their order, with the replacement of each value."""
    kinds = {place.column: place.kind for place in personal_places() if place.table == table.name}
    columns, joins = [], []
    for column in table.columns:
        own = f't."{column}"'
        if column in kinds:
            joins.append(
                f"left join masked as m_{column} on m_{column}.kind = '{kinds[column]}' and m_{column}.v = {own}"
            )
            columns.append(f'm_{column}.m as "{column}"')
        elif column in searched:
            joins.append(
                f"left join searched as s_{column} on s_{column}.table_name = '{table.name}'"
                f" and s_{column}.column_name = '{column}' and s_{column}.v = {own}"
            )
            columns.append(f'coalesce(s_{column}.m, {own}) as "{column}"')
        else:
            columns.append(own)
    return (
        f"select {', '.join(columns)} from sent_{table.name} as t {' '.join(joins)} order by t.{ROW_NUMBER}"
    )


def _write_text(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _take(lock: IO[str], out: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise RunningError(f"{out}: another snapshot is being written there; wait for it") from None


def _empty(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != LOCK:
            entry.unlink()
