"""The dlt source: every canonical table as Arrow batches, all columns text, the same whatever the door."""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from pathlib import Path

import dlt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from dlt.common.schema import Schema
from dlt.extract import DltResource, with_file_import
from dlt.extract.items import DataItemWithMeta

from pipelines.erp.delivery.delivery import ROW_NUMBER, Delivery, Progress, TableData
from pipelines.erp.delivery.schema import Table, tables

# `direct` keeps column names letter for letter; dlt's default would turn `größe` into `gr_e`.
NAMING = {"names": "direct", "json": {"module": "dlt.common.normalizers.json.relational"}}

# Files of one table are stored side by side, a file never: too large ones leave processors idle at the end.
FILE_BYTES = 128 << 20
ROW_GROUP_BYTES = 16 << 20


@dlt.source(schema=Schema("erp", normalizers=NAMING), max_table_nesting=0)  # type: ignore[untyped-decorator]
def erp_source(
    delivery: Delivery, names: Collection[str], defaults: dict[str, str], folder: Path, progress: Progress
) -> Iterator[DltResource]:
    """One resource for each of these tables, in the order of the list; it writes Parquet files into an empty folder.

    Each has all canonical columns (NULL where the delivery lacks them), then the delivery's own further
    ones, then `_zeile`, the number of the row in its file from 1. `defaults` maps a column to the text that
    stands in for an absent or empty field. `progress` is told the share of bytes that are read.
    """
    total = sum(data.size for data in delivery.tables.values()) or 1
    before = 0
    for table in (table for name, table in tables().items() if name in names):
        data = delivery.tables.get(table.name)
        size = data.size if data else 0
        rows = _rows(table, data, defaults, _share_of(progress, table.name, before, size, total))
        yield dlt.resource(
            _files(rows, folder / table.name),
            name=table.name,
            write_disposition="append",
            columns=_hints(raw_columns(table, data)),
        )
        before += size


def stamps(quelle_erp: str, loaded_at: datetime) -> dict[str, str]:
    """What stands in rows that do not say where and when they come from; the time is UTC."""
    return {"quelle_erp": quelle_erp, "geladen_am": loaded_at.strftime("%Y-%m-%d %H:%M:%S")}


def raw_columns(table: Table, data: TableData | None) -> tuple[str, ...]:
    """Columns of a raw table in their order: canonical, unknown, `_zeile`."""
    return (*table.columns, *unknown_columns(table, data), ROW_NUMBER)


def unknown_columns(table: Table, data: TableData | None) -> tuple[str, ...]:
    """Delivered columns that the canonical table does not have."""
    return tuple(column for column in (data.columns if data else ()) if column not in table.columns)


def _files(rows: Iterator[pa.Table], stem: Path) -> Iterator[DataItemWithMeta]:
    """Writes tables into files `stem.0.parquet`, `stem.1.parquet`, … and hands these to dlt, at least one.

    dlt's own writer compresses for storage; these files are read once, at once.
    """
    number, following = 0, next(rows, None)
    while following is not None:
        path, size, count = stem.with_suffix(f".{number}.parquet"), 0, 0
        with pq.ParquetWriter(
            path, following.schema, compression="lz4", use_dictionary=False, write_statistics=False
        ) as file:
            while following is not None and size < FILE_BYTES:
                file.write_table(following)
                size += following.nbytes
                count += following.num_rows
                following = next(rows, None)
        yield with_file_import(str(path), "parquet", count)
        number += 1


def _rows(
    table: Table, data: TableData | None, defaults: dict[str, str], progress: Callable[[int], None]
) -> Iterator[pa.Table]:
    """The rows in tables of the size of a row group; one without rows where there are none."""
    schema = _arrow_schema(raw_columns(table, data))
    first, read = 1, 0
    waiting: list[pa.Table] = []
    for batch in data.read() if data else ():
        waiting.append(_raw_batch(batch, schema, defaults, first))
        first += batch.num_rows
        read += batch.nbytes
        progress(read)
        if sum(rows.nbytes for rows in waiting) >= ROW_GROUP_BYTES:
            yield pa.concat_tables(waiting)
            waiting = []
    if waiting or first == 1:
        yield pa.concat_tables([*waiting, schema.empty_table()])


def _raw_batch(batch: pa.RecordBatch, schema: pa.Schema, defaults: dict[str, str], first: int) -> pa.Table:
    """A batch with exactly the columns of the raw table; its rows are numbered from `first`."""
    delivered = dict(zip(batch.schema.names, batch.columns, strict=True))
    arrays = []
    for field in schema:
        if field.name == ROW_NUMBER:
            arrays.append(_numbers(first, batch.num_rows))
        elif field.name in defaults:
            arrays.append(_filled(delivered.get(field.name), defaults[field.name], batch.num_rows))
        elif field.name in delivered:
            arrays.append(delivered[field.name])
        else:
            arrays.append(pa.nulls(batch.num_rows, pa.string()))
    return pa.Table.from_arrays(arrays, schema=schema)


def _numbers(first: int, count: int) -> pa.Array:
    ones = pa.repeat(pa.scalar(1, pa.int64()), count)
    return pc.cumulative_sum(ones, start=first - 1)


def _filled(column: pa.Array | None, default: str, rows: int) -> pa.Array:
    if column is None:
        return pa.repeat(pa.scalar(default), rows)
    is_empty = pc.fill_null(pc.equal(pc.utf8_trim_whitespace(column), ""), True)
    return pc.if_else(is_empty, default, column)


def _arrow_schema(columns: tuple[str, ...]) -> pa.Schema:
    return pa.schema([(name, pa.int64() if name == ROW_NUMBER else pa.string()) for name in columns])


def _hints(columns: tuple[str, ...]) -> dict[str, dict[str, str]]:
    return {name: {"data_type": "bigint" if name == ROW_NUMBER else "text"} for name in columns}


def _share_of(progress: Progress, table: str, before: int, size: int, total: int) -> Callable[[int], None]:
    """A callback that turns the bytes of one table into the share of the whole delivery."""

    def report(read: int) -> None:
        # Batches in memory are somewhat larger than their part of the file.
        progress(f"reading {table}", (before + min(read, size)) / total)

    return report
