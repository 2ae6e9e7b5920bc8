"""Reads the finished delivery again and looks for everything that the original says of persons.

In SQL, apart from what replaced the values, so that one does not repeat the mistakes of the other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.erp.delivery.schema import Table, tables
from pipelines.errors import StammdatenError
from pipelines.progress import Progress
from pipelines.snapshot.columns import personal_places, searched_places
from pipelines.snapshot.needles import filled, holding

SHOWN = 5


@dataclass(frozen=True)
class Found:
    """Where something of a person still stands; the value is not told."""

    table: str
    column: str
    row: int


def check(db: duckdb.DuckDBPyConnection, folder: Path, progress: Progress) -> int:
    """The number of different original values (`make_needles`) that were looked for in vain.

    Raises `StammdatenError` naming table, column and row of what was found, or the table that is not as long.
    """
    found: list[Found] = []
    written = [table for table in tables().values() if (folder / f"{table.name}.parquet").exists()]
    for number, table in enumerate(written):
        progress("looking for originals", number, len(written))
        file = str(folder / f"{table.name}.parquet").replace("'", "''")
        db.execute(
            f"create or replace temp view written as select * from read_parquet('{file}', file_row_number = true)"
        )
        _check_shape(db, table)
        found += _found(db, table)
    progress("looking for originals", len(written), len(written))
    if found:
        shown = "; ".join(f"{one.table}.{one.column}, row {one.row}" for one in found[:SHOWN])
        more = f" and in {len(found) - SHOWN} other columns" if len(found) > SHOWN else ""
        raise StammdatenError(
            f"the snapshot was not handed out: what the delivery says of a person still stands in {shown}{more};"
            " mend it in the ERP's export, or report it with the kind of text that stands there"
        )
    [(counted,)] = db.execute(
        "select (select count(*) from needles) + (select count(*) from whole)"
    ).fetchall()
    return int(counted)


def _found(db: duckdb.DuckDBPyConnection, table: Table) -> Iterator[Found]:
    for place in filled(db, "written", table.name, (*personal_places(), *searched_places())):
        name = f'"{place.column}"'
        hits = holding(db, place, f"select distinct {name} as v from written")
        query = f"select min(file_row_number) from written where {name} in (select v from ({hits}))"
        [(row,)] = db.execute(query).fetchall()
        if row is not None:
            yield Found(table.name, place.column, int(row) + 1)


def _check_shape(db: duckdb.DuckDBPyConnection, table: Table) -> None:
    """As many rows, and in each column as many values, as the original has."""
    counts = ", ".join(f'count("{column}")' for column in table.columns)
    before, after = (
        db.execute(f"select count(*), {counts} from {view}").fetchall()
        for view in (f"sent_{table.name}", "written")
    )
    if before != after:
        raise StammdatenError(
            f"the snapshot was not handed out: {table.name} has not as many rows or values as the delivery;"
            " take it again"
        )
