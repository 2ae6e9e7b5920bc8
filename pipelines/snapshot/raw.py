"""The raw layer as the rules see it: the tables of the ERP, with and without persons that were forgotten."""

import duckdb

from pipelines.erp.delivery.delivery import ROW_NUMBER
from pipelines.erp.delivery.schema import Table, tables
from pipelines.errors import StammdatenError
from pipelines.snapshot.rules import rule


def open_views(db: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, ...]]:
    """Makes `raw_<table>` of all rows and `sent_<table>` without forgotten persons; returns what is left out.

    That are, by table, columns that no model reads and nobody has said whether they are personal.
    Raises `StammdatenError` where nothing was loaded.
    """
    there = {
        name: columns
        for name, columns in db.execute(
            "select table_name, list(column_name order by column_index) from duckdb_columns()"
            " where schema_name = 'erp_raw' and database_name = current_database() group by table_name"
        ).fetchall()
    }
    if missing := sorted(tables().keys() - there.keys()):
        raise StammdatenError(
            f"nothing to take a snapshot of: {missing[0]} was never loaded; load first: stammdaten load"
        )
    forgotten = _forgotten(db)
    left_out = {}
    for name, table in tables().items():
        own = {*table.columns, ROW_NUMBER}
        listed = ", ".join(
            f'"{column}"' if column in there[name] else f'cast(null as varchar) as "{column}"'
            for column in (*table.columns, ROW_NUMBER)
        )
        db.execute(f"create temp view raw_{name} as select {listed} from erp_raw.{name}")
        where = _living(table) if forgotten else "true"
        db.execute(f"create temp view sent_{name} as select * from raw_{name} where {where}")
        if unknown := tuple(column for column in there[name] if column not in own):
            left_out[name] = unknown
    return left_out


def _forgotten(db: duckdb.DuckDBPyConnection) -> bool:
    """Whether anybody was; copies of the hashes are made, which the views use."""
    is_there = db.execute(
        "select 1 from duckdb_tables() where schema_name = 'sync' and table_name = 'forgotten'"
        " and database_name = current_database()"
    ).fetchone()
    return is_there is not None and db.execute("select 1 from sync.forgotten limit 1").fetchone() is not None


def _living(table: Table) -> str:
    """As the macro `not_forgotten`: of whom the number is hashed in `sync.forgotten` nothing goes."""
    tests = []
    for column, condition in (("person_nr", "true"), ("bezug_key", "upper(bezug_art) = 'PERSON'")):
        if column in table.columns:
            number = rule(f"clean_text('{column}', is_key={column == 'person_nr'})")
            salted = f"(select any_value(salt) from sync.forgotten) || {number}"
            tests.append(
                f"({number} is null or not ({condition})"
                f" or sha256({salted}) not in (select digest from sync.forgotten))"
            )
    return " and ".join(tests) or "true"
