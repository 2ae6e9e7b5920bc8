"""Where the rows of the raw layer lie: each load has a dataset of its own, to which the views of `erp_raw` point."""

import re
from collections.abc import Collection

import duckdb

RAW = "erp_raw"
DATASET_PREFIX = "erp_load_"


def former_datasets(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Datasets of loads that no view shows: what a killed load left."""
    live = set(live_datasets(connection).values())
    return [name for name in _datasets(connection) if name not in live]


def drop_former_datasets(connection: duckdb.DuckDBPyConnection) -> None:
    """Removes what `former_datasets` lists; a load does so with what it replaces, so there are seldom some."""
    drop_datasets(connection, keep=set(live_datasets(connection).values()))


def live_views(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The statement that makes the view of each raw table."""
    found = connection.execute("select view_name, sql from duckdb_views() where schema_name = ?", [RAW])
    return dict(found.fetchall())


def live_datasets(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The dataset that the rows of each raw table lie in."""
    found = {
        table: re.search(rf"\b{DATASET_PREFIX}\w+", sql) for table, sql in live_views(connection).items()
    }
    return {table: match.group() for table, match in found.items() if match}


def _datasets(connection: duckdb.DuckDBPyConnection) -> list[str]:
    schemas = connection.execute(
        "select schema_name from duckdb_schemas() where database_name = current_database()"
    ).fetchall()
    return [name for (name,) in schemas if name.startswith(DATASET_PREFIX)]


def drop_datasets(connection: duckdb.DuckDBPyConnection, keep: Collection[str]) -> None:
    """Removes the datasets of all loads but those that are named."""
    for name in _datasets(connection):
        if name not in keep:
            connection.execute(f"drop schema {quoted(name)} cascade")


def live_tables(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Names of the tables that the raw layer has."""
    found = connection.execute(
        "select table_name from information_schema.tables where table_schema = ?", [RAW]
    ).fetchall()
    return {name for (name,) in found}


def count_rows(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> int:
    """Rows of a table."""
    counted = connection.execute(f"select count(*) from {schema}.{table}").fetchone()
    return int(counted[0]) if counted else 0


def quoted(name: str) -> str:
    """A name as SQL takes it, whatever signs are in it."""
    return '"' + name.replace('"', '""') + '"'
