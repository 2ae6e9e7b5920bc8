"""Shared fixtures: a raw layer written by hand, dbt run on it, and macros rendered to plain SQL."""

import shutil
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from dbt.cli.main import dbtRunner

PROJECT = Path(__file__).resolve().parent.parent

if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
):  # of a shell's background job; every child would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)

Rows = Sequence[Mapping[str, str | None]]
Build = Callable[..., duckdb.DuckDBPyConnection]


def erp_tables() -> dict[str, list[str]]:
    """Columns of each ERP table, as `_erp_raw.yml` lists them."""
    listed = yaml.safe_load((PROJECT / "models/staging/_erp_raw.yml").read_text(encoding="utf-8"))
    return {
        table["name"]: [column["name"] for column in table["columns"]]
        for table in listed["sources"][0]["tables"]
    }


def write_raw(database: Path, tables: Mapping[str, Rows]) -> None:
    """Writes `erp_raw` with all ERP tables as the loader does: every column text, `_zeile` counted from 1.

    A column that a row does not name is NULL; a table or column that `_erp_raw.yml` does not know is an error.
    """
    known = erp_tables()
    unknown = set(tables) - set(known)
    assert not unknown, f"no ERP tables: {unknown}"
    with duckdb.connect(database) as connection:
        connection.execute("create schema if not exists erp_raw")
        for table, columns in known.items():
            typed = ", ".join(f'"{column}" varchar' for column in columns)
            connection.execute(f"create or replace table erp_raw.{table} (_zeile bigint, {typed})")
            rows = tables.get(table, [])
            surplus = {column for row in rows for column in row} - set(columns)
            assert not surplus, f"no columns of {table}: {surplus}"
            if rows:
                values = [
                    [line, *(row.get(column) for column in columns)] for line, row in enumerate(rows, 1)
                ]
                marks = ", ".join("?" for _ in values[0])
                connection.executemany(f"insert into erp_raw.{table} values ({marks})", values)


class Dbt:
    """dbt in this process, on a home of its own that lasts as long as the tests (so that it parses once)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "stammdaten.duckdb"
        self.runner = dbtRunner()

    def __call__(
        self, *arguments: str, vars: Mapping[str, Any] | None = None, runner: dbtRunner | None = None
    ) -> Any:
        """The result of one dbt command; `result.success`, `result.result` and `result.exception` tell."""
        options = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
        if vars is not None:
            options += ["--vars", yaml.safe_dump(dict(vars))]
        return (runner or self.runner).invoke(["--quiet", "--no-use-colors", *arguments, *options])


@pytest.fixture(scope="session")
def dbt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dbt]:
    folder = tmp_path_factory.mktemp("dbt")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STAMMDATEN_HOME", str(folder))
        patch.setenv("DBT_TARGET_PATH", str(folder / "target"))
        patch.setenv("DBT_LOG_PATH", str(folder / "logs"))
        patch.setenv("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
        yield Dbt(folder)


@pytest.fixture(scope="session")
def render_sql(dbt: Dbt) -> Callable[..., str]:
    """`render_sql("{{ datum('wert') }}")` gives the SQL that dbt makes of it."""

    parsed = dbt("parse")
    assert parsed.success, parsed.exception
    # With the manifest at hand dbt does not parse again when only vars change.
    runner = dbtRunner(manifest=parsed.result)

    def render(template: str, **vars: Any) -> str:
        done = dbt("compile", "--inline", template, vars=vars or None, runner=runner)
        if not done.success:
            raise AssertionError(message_of(done.exception))
        return str(done.result[0].node.compiled_code)

    return render


@pytest.fixture(scope="session")
def raw_database(dbt: Dbt) -> Callable[[Mapping[str, Rows]], Path]:
    """`raw_database({"mandant": [{"mandant_nr": "001"}], …})` writes the raw layer that dbt reads next."""

    def write(tables: Mapping[str, Rows]) -> Path:
        dbt.database.unlink(missing_ok=True)
        write_raw(dbt.database, tables)
        return dbt.database

    return write


@pytest.fixture(scope="session")
def build(
    dbt: Dbt, raw_database: Callable[[Mapping[str, Rows]], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Build]:
    """`build(tables, select=[…], vars={…})` runs `dbt build` on these rows and opens a copy of what it made.

    Without `tests=True` only seeds and models are built; `unit_tests=True` runs dbt's unit tests beside its data tests.
    Fails with dbt's message when a model or test fails.
    """
    opened = []

    def run(
        tables: Mapping[str, Rows],
        *,
        select: Sequence[str] = (),
        vars: Mapping[str, Any] | None = None,
        tests: bool = False,
        unit_tests: bool = False,
    ) -> duckdb.DuckDBPyConnection:
        raw_database(tables)
        chosen = ["--select", *select] if select else []
        kinds = [] if tests else ["--resource-type", "seed", "--resource-type", "model"]
        kinds += [] if unit_tests or not tests else ["--exclude-resource-type", "unit_test"]
        done = dbt("build", *chosen, *kinds, vars=vars)
        if not done.success:
            raise AssertionError(done.exception or failures(done))
        copy = tmp_path_factory.mktemp("built") / "stammdaten.duckdb"
        shutil.copyfile(dbt.database, copy)
        opened.append(duckdb.connect(copy))
        return opened[-1]

    yield run
    for connection in opened:
        connection.close()


def message_of(exception: BaseException | None) -> str:
    """What dbt says, with the causes that it wraps."""
    lines = []
    while exception:
        lines.append(str(exception))
        exception = exception.__cause__ or exception.__context__
    return "\n".join(lines)


def failures(done: Any) -> str:
    """One line for each node that failed: name, status, message."""
    return "\n".join(
        f"{node.node.name}: {node.status}: {node.message}"
        for node in done.result or []
        if node.status not in ("success", "pass")
    )
