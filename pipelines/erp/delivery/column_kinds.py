"""What kinds of values the columns of the last load held, so that a column that turns from text to numbers is noticed.

Only doors that know kinds say them (a database does, CSV has none). A number has lost its leading zeros for good, and
with them the ids at all partners; so it is refused until the source hands it out as text.
"""

from collections.abc import Collection

import duckdb

from pipelines.erp.delivery.delivery import Delivery
from pipelines.errors import DeliveryError

TEXT = "text"

CREATE_KINDS = """
    create schema if not exists sync;
    create table if not exists sync.column_kinds (
        table_name varchar,
        column_name varchar,
        kind varchar not null,
        primary key (table_name, column_name)
    );
"""


def check_kinds(connection: duckdb.DuckDBPyConnection, delivery: Delivery) -> None:
    """Raises `DeliveryError` for a column of another kind than in the last load; text is always right."""
    connection.execute(CREATE_KINDS)
    former = {
        (table, column): kind
        for table, column, kind in connection.execute("from sync.column_kinds").fetchall()
    }
    for name, data in delivery.tables.items():
        for column, kind in data.kinds.items():
            before = former.get((name, column), kind)
            if kind not in (before, TEXT):
                raise DeliveryError(
                    f"{data.where}: column {column} was {before} in the last load and is {kind} now; "
                    "make it what it was, or select it as text"
                )


def write_kinds(connection: duckdb.DuckDBPyConnection, delivery: Delivery, replaced: Collection[str]) -> None:
    """Notes the kinds of the tables of a delivery, and forgets the former ones."""
    connection.execute(CREATE_KINDS)
    connection.execute("delete from sync.column_kinds where list_contains(?, table_name)", [list(replaced)])
    kinds = [
        (name, column, kind) for name, data in delivery.tables.items() for column, kind in data.kinds.items()
    ]
    if kinds:
        connection.executemany("insert into sync.column_kinds values (?, ?, ?)", kinds)
