"""Shared fixtures: a raw layer by hand, dbt run on it, macros rendered to plain SQL; a site with its partners."""

import json
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from dbt.cli.main import dbtRunner

import pipelines.partners
from pipelines.contract import contract
from pipelines.sandbox.server import Sandbox
from tests.push.shape_stock import SHAPES
from tests.push.site import Site

PROJECT = Path(__file__).resolve().parent.parent

if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
):  # of a shell's background job; every child would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)

Rows = Sequence[Mapping[str, str | None]]
Build = Callable[..., duckdb.DuckDBPyConnection]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that run dbt or the whole program go first: in the end no worker waits for one long file."""
    long = {item.path for item in items if "dbt" in getattr(item, "fixturenames", ())}
    items.sort(
        key=lambda item: item.path not in long and item.path.name not in ("test_run.py", "test_sample.py")
    )


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


# The settings of all partners in `dbt_project.yml`.
SHIPPED: dict[str, Any] = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"][
    "partners"
]


class Dbt:
    """dbt in this process, on a home of its own that lasts as long as the tests.

    Parsing takes longer than building. So the project is parsed with all partners on, once for all calls whose options
    are the same, and a partner that is off is left out of what is built; dbt reads vars anew when it builds.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "stammdaten.duckdb"
        self.runner = dbtRunner()
        self._manifests: dict[str, Any] = {}

    def __call__(self, *arguments: str, vars: Mapping[str, Any] | None = None) -> Any:
        """The result of one dbt command; `result.success`, `result.result` and `result.exception` tell."""
        if arguments[0] == "parse":
            return self._invoke(None, arguments, vars)
        if arguments[0] == "compile":  # inline: which models there are does not matter
            return self._invoke(self._manifest({}).deepcopy(), arguments, vars)
        partners = (vars or {}).get("partners", SHIPPED)
        off = [name for name in SHIPPED if not partners.get(name, {}).get("aktiv")]
        left_out = ["--exclude", *(f"path:models/partners/{name}" for name in off)] if off else []
        # A copy: dbt writes into it what it compiles.
        return self._invoke(self._manifest(partners).deepcopy(), [*arguments, *left_out], vars)

    def refusal(self, vars: Mapping[str, Any]) -> str:
        """What dbt says of wrong partner settings when a model reads them; raises AssertionError when it takes them."""
        done = self("compile", "--inline", "{{ aktive_partner() }}", vars=vars)
        assert not done.success
        return message_of(done.exception)

    def _manifest(self, partners: Mapping[str, Any]) -> Any:
        """The project parsed with all partners on and these settings."""
        on = {"aktiv": True, "separator": "/", "mandanten": "alle"}
        settings = {name: {**shipped, **partners.get(name, {}), **on} for name, shipped in SHIPPED.items()}
        key = json.dumps(settings, sort_keys=True)
        if key not in self._manifests:
            parsed = self("parse", vars={"partners": settings})
            assert parsed.success, parsed.exception
            self._manifests[key] = parsed.result
        return self._manifests[key]

    def _invoke(self, manifest: Any, arguments: Sequence[str], vars: Mapping[str, Any] | None) -> Any:
        options = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
        if vars is not None:
            options += ["--vars", yaml.safe_dump(dict(vars))]
        self.runner.manifest = manifest
        # Nobody reads dbt's JSON and its log here, and they take a quarter of the time.
        spared = ["--no-write-json", "--log-level-file", "none"]
        return self.runner.invoke(["--quiet", "--no-use-colors", *spared, *arguments, *options])


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

    def render(template: str, **vars: Any) -> str:
        done = dbt("compile", "--inline", template, vars=vars or None)
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
def opened(
    dbt: Dbt, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Any], duckdb.DuckDBPyConnection]]:
    """`opened(result)` opens a copy of what a dbt command made, or fails with dbt's message."""
    connections = []

    def copied(done: Any) -> duckdb.DuckDBPyConnection:
        assert done.success, done.exception or failures(done)
        # dbt cannot write a file that is open.
        copy = tmp_path_factory.mktemp("built") / "stammdaten.duckdb"
        shutil.copyfile(dbt.database, copy)
        connections.append(duckdb.connect(copy))
        return connections[-1]

    yield copied
    for connection in connections:
        connection.close()


@pytest.fixture(scope="session")
def build(dbt: Dbt, raw_database: Callable[[Mapping[str, Rows]], Path], opened: Build) -> Build:
    """`build(tables, select=[…], vars={…})` runs `dbt build` on these rows and opens a copy of what it made.

    Without `tests=True` only seeds and models are built; `unit_tests=True` runs dbt's unit tests beside its data tests.
    Fails with dbt's message when a model or test fails.
    """

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
        return opened(dbt("build", *chosen, *kinds, vars=vars))

    return run


@pytest.fixture(scope="session")
def rebuild(dbt: Dbt, opened: Build) -> Build:
    """`rebuild(built, partner, vars)` runs one partner's models anew on what `build` made, and opens a copy of it."""

    def run(
        built: duckdb.DuckDBPyConnection, partner: str, vars: Mapping[str, Any]
    ) -> duckdb.DuckDBPyConnection:
        [(path,)] = built.execute("select path from duckdb_databases() where not internal").fetchall()
        shutil.copyfile(path, dbt.database)
        return opened(dbt("run", "--select", partner, vars=vars))

    return run


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


@contextmanager
def at_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site whose partners a sandbox plays until the block ends."""
    with Sandbox(state=tmp_path / "sandbox.sqlite") as sandbox:
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        (tmp_path / "home").mkdir()
        made = Site(tmp_path / "home", sandbox, keeps_open=True)
        yield made
        made.close()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with at_sandbox(tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def shapes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site whose partners are the small ones of `shapes/`: one for each way in which partners speak."""
    monkeypatch.setattr(contract, "FOLDER", SHAPES)
    monkeypatch.setattr(pipelines.partners, "__path__", [*pipelines.partners.__path__, str(SHAPES)])
    with at_sandbox(tmp_path, monkeypatch) as made:
        yield made
