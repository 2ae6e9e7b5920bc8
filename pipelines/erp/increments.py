"""Changes instead of everything: from where a load may go on, and how changed rows come into the raw layer.

A row that the ERP does not tell about stays: rows leave the raw layer only with a complete delivery.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from pipelines.erp.delivery.delivery import ROW_NUMBER, Delivery, MarkExpired, TableData
from pipelines.erp.delivery.schema import Table, erps_without

# A table is read as a whole, or its changes are; a load of other tables keeps it as it is.
FULL, INCREMENT, KEPT = "full", "increment", "kept"

# `mark` is what a door wants to hear the next time; a mark is worth nothing once anything beside it has changed.
CREATE_MARKS = """
    create schema if not exists sync;
    create table if not exists sync.marks (
        table_name varchar primary key,
        load_id varchar not null,
        mark varchar not null,
        origin varchar not null,
        quelle_erp varchar not null,
        columns varchar[] not null
    );
"""


@dataclass(frozen=True)
class Increments:
    """How long a load may go on from the last one before everything is read again, and the overlap of stamps."""

    full_every: timedelta = timedelta(days=7)
    overlap: timedelta = timedelta(hours=24)


@dataclass(frozen=True)
class Mark:
    """From where one table may go on: the door's own mark, and what has to be as it was then."""

    value: str
    origin: str
    quelle_erp: str
    columns: frozenset[str]


def read_marks(
    connection: duckdb.DuckDBPyConnection, live: Mapping[str, str], now: datetime, increments: Increments
) -> dict[str, Mark]:
    """Marks by table; none where the raw table is not of the load that made it, or when a complete one is due.

    `live` is the id of the load that the rows of each raw table are of.
    """
    connection.execute(CREATE_MARKS)
    last_full = connection.execute(
        """
        select max(began_at)
        from (select min(loaded_at) as began_at from sync.loads group by load_id having bool_and(kind = $full))
        """,
        {"full": FULL},
    ).fetchone()
    if not last_full or not last_full[0] or now.replace(tzinfo=None) - last_full[0] >= increments.full_every:
        return {}
    found = connection.execute(
        "select table_name, load_id, mark, origin, quelle_erp, columns from sync.marks"
    ).fetchall()
    return {
        name: Mark(mark, origin, quelle_erp, frozenset(columns))
        for name, load_id, mark, origin, quelle_erp, columns in found
        if live.get(name) == load_id
    }


def check_marks(delivery: Delivery, marks: Mapping[str, Mark], quelle_erp: str) -> None:
    """Raises `MarkExpired` when the changes in a delivery do not fit the rows that they would change."""
    for name, mark in marks.items():
        data = delivery.tables.get(name)
        is_same = (delivery.origin, quelle_erp) == (mark.origin, mark.quelle_erp)
        if data is None or not is_same or (data.changes_only and mark.columns != frozenset(data.columns)):
            raise MarkExpired(f"{delivery.origin}: {name} is read in another way than before")
    for name, data in delivery.tables.items():
        if data.changes_only and name not in marks:
            raise RuntimeError(f"{data.where}: changes of {name} that nobody asked for")


def write_marks(
    connection: duckdb.DuckDBPyConnection, load_id: str, marks: Mapping[str, Mark], replaced: Collection[str]
) -> None:
    """Replaces the marks of the tables that a load replaced by its own."""
    connection.execute(CREATE_MARKS)
    connection.execute("delete from sync.marks where list_contains(?, table_name)", [list(replaced)])
    for name, mark in marks.items():
        connection.execute(
            "insert into sync.marks values (?, ?, ?, ?, ?, ?)",
            [name, load_id, mark.value, mark.origin, mark.quelle_erp, sorted(mark.columns)],
        )


def new_marks(delivery: Delivery, former: Mapping[str, Mark], quelle_erp: str) -> dict[str, Mark]:
    """What the next load may go on from. A table without any change may have no mark of its own: then the former."""
    marks = {}
    for name, data in delivery.tables.items():
        value = data.mark() or (former[name].value if data.changes_only else None)
        if value:
            marks[name] = Mark(value, delivery.origin, quelle_erp, frozenset(data.columns))
    return marks


def merge(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    data: TableData,
    columns: Iterable[str],
    former: str,
    dataset: str,
) -> None:
    """Turns the changes in `dataset` into the whole table: the rows of `former`, changed ones replaced by their key.

    A changed row replaces all rows with its key, compared as they came (blanks count). A row without a full key
    replaces only one that is the same in every column. Kept rows keep their number, changed ones go on behind them.
    A column that is on the list since then is NULL in kept rows.
    """
    listed = ", ".join(_quoted(column) for column in columns if column != ROW_NUMBER)
    key = ", ".join(_quoted(column) for column in table.key)
    identity = _identity(table, data)
    # Hashes are cheap to compare; only rows that may be replaced are then compared by their texts.
    connection.execute(
        f"""
        create or replace table {dataset}.{table.name} as
        with
        changed as (from {dataset}.{table.name}),
        candidates as (from {former}.{table.name} where hash({key}) in (select hash({key}) from changed)),
        replaced as (select {ROW_NUMBER} from candidates where {identity} in (select {identity} from changed)),
        last_row as (select coalesce(max({ROW_NUMBER}), 0) as number from {former}.{table.name}),
        kept as (from {former}.{table.name} anti join replaced using ({ROW_NUMBER})),
        with_new_columns as (from kept union all by name from changed where false)
        select {listed}, {ROW_NUMBER} from with_new_columns
        union all
        select {listed}, {ROW_NUMBER} + (select number from last_row) from changed
        """
    )


def _identity(table: Table, data: TableData) -> str:
    """A list that two rows share when the later is the newer state of the same thing."""
    has_key = " and ".join(
        _is_there(table, column) for column in table.key if column not in table.may_be_empty
    )
    key = ", ".join(_quoted(column) for column in table.key)
    whole = ", ".join(_quoted(column) for column in sorted(data.columns))
    return f"case when {has_key} then [{key}] else [{whole}] end"


def _is_there(table: Table, column: str) -> str:
    exempt = ", ".join(f"'{erp}'" for erp in erps_without(table, column))
    is_filled = f"coalesce(trim({_quoted(column)}), '') <> ''"
    return f"({is_filled} or quelle_erp in ({exempt}))" if exempt else is_filled


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
