"""Marts that another engine built, taken into the DuckDB file: all of them, or none.

A row that is missing in a mart would withdraw a record, so what is there is compared with what the build says it wrote:
the tables, their rows, their columns and types, the delivery they were built from.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipelines.commands.built import models_behind, read_nodes
from pipelines.engine.raw import state_of
from pipelines.errors import BuildError
from pipelines.ledger.ledger import open_database
from pipelines.lock import only_run
from pipelines.plan.mart_columns import MART_SCHEMA
from pipelines.settings import Vars
from pipelines.still_current.current import forget_made

# The one model beside the marts that their tests ask.
ALSO = ("staging", "base_erp__mandant")
ANEW = "run `python -m pipelines.engine raw` and build again"
Json = dict[str, Any]


@dataclass(frozen=True)
class Built:
    """A table as the build noted it at its end: its rows, and what it was built with (macro `settings_noted`)."""

    schema: str
    name: str
    rows: int
    noted: str

    @property
    def folder(self) -> str:
        """Where its files lie, from the folder of the engine."""
        return f"warehouse/{self.schema}.db/{self.name}"


def take_marts(home: Path, folder: Path, settings: Vars) -> dict[str, int]:
    """Puts the marts of the active partners in the place of those of the DuckDB file; rows by mart.

    Needs dbt's manifest of the same settings. Raises `BuildError` that names what is missing or another one; then
    nothing is changed.
    """
    nodes = read_nodes(home)
    with only_run(home, "engine"), open_database(home) as db:
        built = _read_built(db, folder)
        _check_delivery(db, built)
        wanted = {partner: _wanted(nodes, partner) for partner in settings.active}
        for partner, models in wanted.items():
            _check_whole(db, folder, partner, models, built)
        chosen = [built[ALSO], *(built[MART_SCHEMA, name] for models in wanted.values() for name in models)]
        db.execute("begin")
        try:
            _drop_others(db, nodes, settings, {(table.schema, table.name) for table in chosen})
            for table in chosen:
                _take(db, folder, table, _node(nodes, table))
            forget_made(db)
            db.execute("commit")
        except BaseException:
            db.execute("rollback")
            raise
    return {table.name: table.rows for table in chosen if table.schema == MART_SCHEMA}


def _read_built(db: duckdb.DuckDBPyConnection, folder: Path) -> dict[tuple[str, str], Built]:
    """What the build noted at its end; it takes the note of the former one away when it begins."""
    rows = _rows_of(db, folder, "built", "model_schema, model, number_of_rows, noted")
    if not rows:
        raise BuildError(
            f"{folder}: the build there has not come to its end, or a model failed; run `dbt build --target spark`"
        )
    return {(row[0], row[1]): Built(*row) for row in rows}


def _rows_of(db: duckdb.DuckDBPyConnection, folder: Path, name: str, columns: str) -> list[Any]:
    _check_finished(folder, name)
    try:
        rows: list[Any] = db.execute(f"select {columns} from {_files(folder, name)}").fetchall()
        return rows
    except duckdb.Error as problem:
        raise BuildError(f"{folder / name}: cannot be read: {str(problem).splitlines()[0]}") from None


def _check_finished(folder: Path, name: str) -> None:
    """Spark makes `_SUCCESS` once all files of a table are there."""
    if not (folder / name / "_SUCCESS").is_file():
        raise BuildError(
            f"{folder / name}: no _SUCCESS is there, so it was not written to its end; build again"
        )


def _check_delivery(db: duckdb.DuckDBPyConnection, built: Mapping[tuple[str, str], Built]) -> None:
    """Marts of another delivery are refused, and those in which somebody stands who was forgotten since."""
    now = state_of(db)
    for table in built.values():
        then = json.loads(table.noted).get("raw") or {}
        if then.get("load_id") != now["load_id"]:
            raise BuildError(
                f"{table.name} was built from the delivery {then.get('load_id')}, and the last one is {now['load_id']};"
                f" {ANEW}"
            )
        if then != now:
            raise BuildError(f"{table.name} was built before somebody was forgotten, or taken back; {ANEW}")


def _wanted(nodes: Mapping[str, Json], partner: str) -> list[str]:
    """The models of a partner that a push reads."""
    return sorted(
        node["name"]
        for node in nodes.values()
        if node["resource_type"] == "model"
        and node["schema"] == MART_SCHEMA
        and node["name"].startswith(f"{partner}__")
    )


def _check_whole(
    db: duckdb.DuckDBPyConnection,
    folder: Path,
    partner: str,
    models: list[str],
    built: Mapping[tuple[str, str], Built],
) -> None:
    for key in (ALSO, *((MART_SCHEMA, name) for name in models)):
        if key not in built:
            raise BuildError(
                f"{partner}: {key[1]} is not in the build of {folder}; build it there, or switch the partner off"
            )
        table = built[key]
        [(rows,)] = _rows_of(db, folder, table.folder, "count(*)")
        if rows != table.rows:
            raise BuildError(
                f"{table.name} has {rows} rows in {folder}, and the build wrote {table.rows}; build again"
            )


def _node(nodes: Mapping[str, Json], table: Built) -> Json:
    return next(
        node for node in nodes.values() if node["name"] == table.name and node["resource_type"] == "model"
    )


def _take(db: duckdb.DuckDBPyConnection, folder: Path, table: Built, node: Json) -> None:
    """Makes the table with the columns in the order and of the types that the model says, which shape the payload."""
    files = _files(folder, table.folder)
    there = dict(row[:2] for row in db.execute(f"describe select * from {files}").fetchall())
    columns = list(there)
    if node["config"]["contract"]["enforced"]:
        said = {name: column["data_type"] for name, column in node["columns"].items()}
        kinds = _kinds(db, said)
        for name, kind in kinds.items():
            if name not in there:
                raise BuildError(f"{table.name}: the column {name} is missing in {folder}")
            if there[name] != kind:
                raise BuildError(
                    f"{table.name}: the column {name} is {there[name]} in {folder}, and has to be {kind}"
                )
        if more := [name for name in there if name not in kinds]:
            raise BuildError(f"{table.name}: the column {more[0]} in {folder} is not one of the model")
        columns = list(kinds)
    name = f'{table.schema}."{table.name}"'
    db.execute(f"create schema if not exists {table.schema}")
    _drop(db, table.schema, table.name)
    listed = ", ".join(f'"{column}"' for column in columns)
    db.execute(f"create table {name} as select {listed} from {files}")
    noted = table.noted.replace("'", "''")
    db.execute(f"comment on table {name} is '{noted}'")


def _kinds(db: duckdb.DuckDBPyConnection, said: Mapping[str, str]) -> dict[str, str]:
    """The types of a model's columns as DuckDB calls them."""
    listed = ", ".join(f'cast(null as {kind}) as "{name}"' for name, kind in said.items())
    return dict(row[:2] for row in db.execute(f"describe select {listed}").fetchall())


def _drop_others(
    db: duckdb.DuckDBPyConnection, nodes: Mapping[str, Json], settings: Vars, taken: set[tuple[str, str]]
) -> None:
    """Models of a former build in DuckDB: a plan would take them for what these marts were made from."""
    behind = {key for partner in settings.active for key in models_behind(nodes, partner)}
    for schema, name in sorted(behind - taken):
        _drop(db, schema, name)


def _drop(db: duckdb.DuckDBPyConnection, schema: str, name: str) -> None:
    kinds = (("view", "duckdb_views() where view_name"), ("table", "duckdb_tables() where table_name"))
    for kind, where in kinds:
        there = f"select 1 from {where} = ? and schema_name = ? and database_name = current_database()"
        if db.execute(there, [name, schema]).fetchone():
            db.execute(f'drop {kind} {schema}."{name}" cascade')


def _files(folder: Path, name: str) -> str:
    path = str(folder / name).replace("'", "''")
    return f"read_parquet('{path}/*.parquet')"
