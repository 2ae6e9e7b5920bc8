"""Shared fixtures: a raw layer by hand, dbt run on it, macros rendered to plain SQL; a site with its partners."""

import fcntl
import gc
import hashlib
import json
import os
import pickle
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import pyarrow as pa
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


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home that is set, and no settings of systems; commands narrow the umask of this process."""
    for name in [n for n in os.environ if n.upper().startswith(("DESTINATION__", "SOURCES__", "ALERTS__"))]:
        monkeypatch.delenv(name)
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("STAMMDATEN_HOME", str(folder))
    former = os.umask(0o022)
    os.umask(former)
    yield folder
    os.umask(former)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of a `sampled` test the first of each eight cases stay in `make test`; the longest files go first.

    So that in the end no worker waits for one long file: `test_run.py`, then those that run dbt.
    """
    cases: dict[str, int] = {}
    for item in items:
        if item.get_closest_marker("sampled"):
            test = item.nodeid.partition("[")[0]
            cases[test] = cases.get(test, -1) + 1
            if cases[test] % 8:
                item.add_marker(pytest.mark.slow)
    long = {item.path for item in items if "dbt" in getattr(item, "fixturenames", ())}
    items.sort(key=lambda item: (item.path.name != "test_run.py", item.path not in long))


def pytest_collection_finish() -> None:
    """What is there before the first test stays: looking through it for garbage took an eighth of the time."""
    gc.freeze()
    gc.set_threshold(50_000)


def pytest_sessionfinish() -> None:
    """DuckDB would take what nobody may clear away for a leak of its own."""
    gc.unfreeze()


@cache
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
            texts = {column: pa.array([row.get(column) for row in rows], pa.string()) for column in columns}
            delivered = pa.table({"_zeile": pa.array(range(1, len(rows) + 1), pa.int64()), **texts})
            connection.register("delivered", delivered)
            connection.execute(f"insert into erp_raw.{table} from delivered")


# The settings of all partners in `dbt_project.yml`.
SHIPPED: dict[str, Any] = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"][
    "partners"
]


class Shared:
    """What is dear to make, as files for all processes that share the tests: whoever needs one first makes it."""

    def __init__(self, base: Path) -> None:
        self.is_alone = "PYTEST_XDIST_WORKER" not in os.environ
        self.folder = base if self.is_alone else base.parent

    def made(self, name: str, make: Callable[[Path], None]) -> Path:
        """The file of that name; `make` has written it, in this process or in another. Alone it is made each time."""
        path = self.folder / name
        with (self.folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self.is_alone or not path.exists():
                half = path.with_suffix(".half")
                make(half)
                half.rename(path)
        return path


class Dbt:
    """dbt in this process, on a home of its own that lasts as long as the tests.

    Parsing takes longer than building. So the project is parsed once, with all partners on, and a partner that is off
    is left out of what is built, unless somebody selects. dbt reads vars anew when it builds, but for PARSED.
    """

    # Options on which it depends what a model reads and promises, set; dbt refuses a model where one is missing here.
    PARSED: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "casavi": {"adressen": "liegenschaft"},
        "etg24": {"nur_objekte": ["001/0001/01"], "ohne_objekte": ["001/0001/02"]},
        "facilioo": {"projekte": {"001/0001": 1}},
    }

    def __init__(self, folder: Path, shared: Shared) -> None:
        self.folder = folder
        self.shared = shared
        self.database = folder / "stammdaten.duckdb"
        self.runner = dbtRunner()
        self._parsed: dict[str, Any] = {}
        self._inline: Any = None

    def __call__(self, *arguments: str, vars: Mapping[str, Any] | None = None) -> Any:
        """The result of one dbt command; `result.success`, `result.result` and `result.exception` tell."""
        if arguments[0] == "parse":
            return self._invoke(None, arguments, vars)
        # A copy each time: dbt writes into it what it compiles. Inline that does not matter.
        if arguments[0] == "compile":
            self._inline = self._inline or self._manifest({}).deepcopy()
            return self._invoke(self._inline, arguments, vars)
        partners = (vars or {}).get("partners", SHIPPED)
        manifest = self._manifest(partners).deepcopy()
        if "--select" in arguments:  # looking for what is left out takes dbt two seconds
            return self._invoke(manifest, arguments, vars)
        off = [name for name in SHIPPED if not partners.get(name, {}).get("aktiv")]
        left_out = ["--exclude", *(f"path:models/partners/{name}" for name in off)] if off else []
        return self._invoke(manifest, [*arguments, *left_out], vars)

    def manifest(self) -> dict[str, Any]:
        """The project with all partners on, as `manifest.json` has it."""
        found: dict[str, Any] = self._manifest({}).writable_manifest().to_dict()
        return found

    def refusal(self, vars: Mapping[str, Any]) -> str:
        """What dbt says of wrong partner settings when a model reads them; raises AssertionError when it takes them."""
        done = self("compile", "--inline", "{{ aktive_partner() }}", vars=vars)
        assert not done.success
        return message_of(done.exception)

    def _manifest(self, partners: Mapping[str, Any]) -> Any:
        """The project parsed with all partners on, with the options that parsing reads as shipped, or all of them set.

        Whoever sets one of them builds that partner alone, or with others that have theirs set.
        """
        is_set = any(partners.get(name, {}).get(key) for name, keys in self.PARSED.items() for key in keys)
        settings = {
            name: {**shipped, **(self.PARSED.get(name, {}) if is_set else {}), "aktiv": True}
            for name, shipped in SHIPPED.items()
        }
        key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
        if key not in self._parsed:
            made = self.shared.made(key, partial(self._parse, settings))
            self._parsed[key] = pickle.loads(made.read_bytes())  # noqa: S301
        return self._parsed[key]

    def _parse(self, partners: Mapping[str, Any], path: Path) -> None:
        parsed = self("parse", vars={"partners": partners})
        assert parsed.success, parsed.exception
        path.write_bytes(pickle.dumps(parsed.result))

    def _invoke(self, manifest: Any, arguments: Sequence[str], vars: Mapping[str, Any] | None) -> Any:
        options = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
        if vars is not None:
            options += ["--vars", yaml.safe_dump(dict(vars))]
        self.runner.manifest = manifest
        # Nobody reads dbt's JSON and its log here, and they take a quarter of the time.
        spared = ["--no-write-json", "--log-level-file", "none"]
        # Held open, the file is not opened anew for each node.
        with duckdb.connect(str(self.database)):
            return self.runner.invoke(["--quiet", "--no-use-colors", *spared, *arguments, *options])


@pytest.fixture(scope="session")
def dbt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dbt]:
    folder = tmp_path_factory.mktemp("dbt")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STAMMDATEN_HOME", str(folder))
        patch.setenv("DBT_TARGET_PATH", str(folder / "target"))
        patch.setenv("DBT_LOG_PATH", str(folder / "logs"))
        patch.setenv("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
        yield Dbt(folder, Shared(tmp_path_factory.getbasetemp()))


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
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], duckdb.DuckDBPyConnection]]:
    """`opened(path)` opens a copy of what dbt made: dbt cannot write a file that is open."""
    connections = []

    def copied(made: Path) -> duckdb.DuckDBPyConnection:
        copy = tmp_path_factory.mktemp("built") / "stammdaten.duckdb"
        shutil.copyfile(made, copy)
        connections.append(duckdb.connect(copy))
        return connections[-1]

    yield copied
    for connection in connections:
        connection.close()


@pytest.fixture(scope="session")
def build(dbt: Dbt, raw_database: Callable[[Mapping[str, Rows]], Path], opened: Build) -> Build:
    """`build(tables, select=[…], vars={…})` opens a copy of what `dbt build` makes of these rows.

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
        chosen = ["--select", *select] if select else []
        kinds = [] if tests else ["--resource-type", "seed", "--resource-type", "model"]
        if tests and not unit_tests:
            # Tests of seeds run with the unit tests, once for all partners.
            kinds += ["--exclude-resource-type", "unit_test", "--exclude", "path:seeds,resource_type:test"]

        def make(path: Path) -> None:
            raw_database(tables)
            done = dbt("build", *chosen, *kinds, vars=vars)
            assert done.success, done.exception or failures(done)
            shutil.copyfile(dbt.database, path)

        wanted = json.dumps([tables, chosen, kinds, vars], sort_keys=True, default=str)
        return opened(dbt.shared.made(hashlib.sha256(wanted.encode()).hexdigest(), make))

    return run


@pytest.fixture(scope="session")
def rebuild(dbt: Dbt, opened: Build) -> Build:
    """`rebuild(built, partner, vars)` runs one partner's models anew on what `build` made, and opens a copy of it."""

    def run(
        built: duckdb.DuckDBPyConnection, partner: str, vars: Mapping[str, Any]
    ) -> duckdb.DuckDBPyConnection:
        [(path,)] = built.execute("select path from duckdb_databases() where not internal").fetchall()
        shutil.copyfile(path, dbt.database)
        done = dbt("run", "--select", partner, vars=vars)
        assert done.success, done.exception or failures(done)
        return opened(dbt.database)

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
