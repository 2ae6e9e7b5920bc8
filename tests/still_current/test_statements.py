"""Which builds can be run once more without dbt, and what is kept of them; the nodes are as dbt hands them over."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from pipelines.contract.contract import partners
from pipelines.settings import Vars, read_vars
from pipelines.still_current import statements as module
from pipelines.still_current.statements import Statements, on_day, read_statements, unpacked

DAY = "2026-02-10"
MARK = f"date '{DAY}' /* stichtag */"
Change = Callable[[Any], object]


@pytest.fixture
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


@pytest.fixture
def settings() -> Vars:
    return read_vars(partners(), None, DAY, [])


class Config(SimpleNamespace):
    """As dbt's: attributes, and those that it has no name for by `get`."""

    def get(self, name: str) -> Any:
        return getattr(self, name, None)


def result(folder: Path, kind: str, name: str, sql: str, **more: Any) -> SimpleNamespace:
    ran = folder / f"{name}.sql"
    ran.write_text(f"create table {name} as ({sql})" if kind == "model" else f"select count(*) from ({sql})")
    config = Config(
        materialized="test" if kind == "test" else "table",
        post_hook=[SimpleNamespace(sql="{{ note_settings() }}")],
        pre_hook=[],
        persist_docs={},
        grants={},
        store_failures=None,
        severity="ERROR",
    )
    node = SimpleNamespace(
        unique_id=f"{kind}.stammdaten.{name}",
        resource_type=kind,
        package_name="stammdaten",
        schema="quality" if name == "findings" else "partners",
        alias=name,
        config=config,
        build_path=str(ran),
        compiled_code=sql,
        language="sql",
        test_metadata=SimpleNamespace(name="required"),
        **more,
    )
    return SimpleNamespace(node=node)


@pytest.fixture
def results(tmp_path: Path) -> list[Any]:
    """A seed, two marts and a test."""
    seed = SimpleNamespace(
        unique_id="seed.stammdaten.kinds", resource_type="seed", schema="seeds", alias="kinds"
    )
    marts = "with s as (select * from erp_raw.person union all select * from seeds.kinds)"
    return [
        SimpleNamespace(node=seed),
        result(tmp_path, "model", "units", f"{marts} select * from s where ende < {MARK}"),
        result(tmp_path, "model", "findings", "select 1 as one from partners.units"),
        result(tmp_path, "test", "required_units", "select * from partners.units"),
    ]


def read(db: duckdb.DuckDBPyConnection, results: list[Any], settings: Vars) -> Statements | None:
    return read_statements(db, results, settings)


def test_what_is_kept_is_what_dbt_ran_for_any_day(
    db: duckdb.DuckDBPyConnection, results: list[Any], settings: Vars
) -> None:
    kept = read(db, results, settings)
    assert kept is not None
    assert unpacked(kept.packed()) == kept
    units, findings, test = kept.all
    assert kept.seeds == ("seeds.kinds",)
    assert units.reads == ("erp_raw.person", "seeds.kinds")
    assert (units.relation, findings.relation, test.relation) == ("partners.units", "quality.findings", "")
    assert (units.asks_the_day, findings.asks_the_day) == (True, False)
    assert DAY not in units.sql
    assert on_day(units.sql, date(2026, 2, 10)) == Path(results[1].node.build_path).read_text()
    assert "date '2027-01-01' /* stichtag */" in on_day(units.sql, date(2027, 1, 1))
    assert (test.kind, test.is_strict, test.finds) == ("test", True, "")


def test_nothing_is_read_of_what_another_version_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Statements((), ("seeds.kinds",)).packed()
    assert unpacked(kept) is not None
    assert unpacked(None) is None
    monkeypatch.setattr(module, "VERSION", module.VERSION + 1)
    assert unpacked(kept) is None


def setting(name: str, value: Any) -> Change:
    return lambda node: setattr(node.config, name, value)


def sql(text: str) -> Change:
    def change(node: Any) -> None:
        node.compiled_code = text
        Path(node.build_path).write_text(f"create table {node.alias} as ({text})")

    return change


@pytest.mark.parametrize(
    ("which", "change"),
    [
        (1, setting("materialized", "incremental")),
        (1, setting("pre_hook", [SimpleNamespace(sql="set x = 1")])),
        (1, setting("post_hook", [])),
        (
            1,
            setting(
                "post_hook", [SimpleNamespace(sql="{{ note_settings() }}"), SimpleNamespace(sql="vacuum")]
            ),
        ),
        (1, setting("persist_docs", {"relation": True})),
        (1, setting("grants", {"select": ["somebody"]})),
        (1, lambda node: setattr(node, "language", "python")),
        (1, lambda node: Path(node.build_path).unlink()),
        (1, lambda node: Path(node.build_path).write_text("create table units as (select * from another)")),
        (3, lambda node: Path(node.build_path).write_text("select count(*) from audit.required_units")),
        (1, sql("select * from quality.findings")),
        (1, lambda node: setattr(node, "resource_type", "snapshot")),
        (1, sql(f"select * from erp_raw.person where ende < date '{DAY}'")),
        (1, sql(f"select '{DAY}' as built_on, {MARK} as day")),
        (1, sql("select * from sync.ledger")),
        (1, sql("select * from person")),
        (1, sql("select * from elsewhere.units")),
        (1, sql("select * from read_csv('units.csv')")),
        (1, sql("select * from duckdb_tables()")),
        (1, sql("select (select max(x) from elsewhere.units) as x")),
        (1, sql("select 1; select 2")),
        (1, sql("")),
        (3, setting("store_failures", True)),
        (3, setting("severity", "odd")),
        (2, lambda node: setattr(node, "schema", "elsewhere")),
        (3, lambda node: vars(node).update(resource_type="operation", raw_code="create macro f(x) as x")),
    ],
)
def test_what_is_not_known_here_is_left_to_dbt(
    db: duckdb.DuckDBPyConnection, results: list[Any], settings: Vars, which: int, change: Change
) -> None:
    change(results[which].node)
    assert read(db, results, settings) is None


@pytest.mark.parametrize(
    "sql_of_mart",
    [
        "select * from unnest([1, 2])",
        "select * from range(3)",
        "with person as (select 1 as x) select * from person",
        "with recursive r as (select 1 as x union all select x + 1 from r where x < 3) select * from r",
        'select * from "erp_raw"."person"',
        "select * from stammdaten.erp_raw.person where x in (select digest from sync.forgotten)",
    ],
)
def test_selects_of_known_tables_are_kept(
    db: duckdb.DuckDBPyConnection, results: list[Any], settings: Vars, sql_of_mart: str
) -> None:
    sql(sql_of_mart)(results[1].node)
    assert read(db, results, settings) is not None


def test_names_are_the_same_in_large_and_small_letters(
    db: duckdb.DuckDBPyConnection, results: list[Any], settings: Vars
) -> None:
    text = 'with Rows as (select * from ERP_RAW.Person) select * from rows, Seeds."Kinds"'
    results[1].node.alias = "Units"
    sql(text)(results[1].node)
    kept = read(db, results, settings)
    assert kept is not None
    assert (kept.all[0].reads, kept.all[0].relation) == (("erp_raw.person", "seeds.kinds"), "partners.units")


def test_hooks_and_exposures_of_ours_do_not_matter(
    db: duckdb.DuckDBPyConnection, results: list[Any], settings: Vars
) -> None:
    for kind in ("operation", "exposure"):
        node = SimpleNamespace(unique_id="x", resource_type=kind, raw_code="{{ end_on_engine(results) }}")
        results.append(SimpleNamespace(node=node))
    assert read(db, results, settings) is not None


@pytest.mark.parametrize("name", ["DBT_WARN_ERROR", "DBT_WARN_ERROR_OPTIONS"])
def test_where_warnings_are_errors_dbt_says_so(
    db: duckdb.DuckDBPyConnection,
    results: list[Any],
    settings: Vars,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.setenv(name, "true")
    assert read(db, results, settings) is None


OURS = "stammdaten: {target: local, outputs: {local: {type: duckdb, path: x, threads: 2, settings: {a: 1}}}}"


@pytest.mark.parametrize(
    ("own", "is_kept"),
    [
        (OURS, True),
        (OURS.replace("threads: 2", "threads: 8"), True),
        (OURS.replace("a: 1", "a: 1, TimeZone: UTC"), False),
        (OURS.replace("threads: 2", "extensions: [spatial]"), False),
        (OURS.replace("threads: 2", "attach: [{path: other.duckdb}]"), False),
        (OURS.replace("target: local", "target: other"), False),
        ("house: {}", False),
        ("- a list", False),
        ("", False),
    ],
)
def test_a_profile_of_another_kind_is_left_to_dbt(
    db: duckdb.DuckDBPyConnection,
    results: list[Any],
    settings: Vars,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    own: str,
    is_kept: bool,
) -> None:
    for name, text in (("own", own), ("ours", OURS)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "profiles.yml").write_text(text)
        (tmp_path / name / "dbt_project.yml").write_text("name: stammdaten")
    monkeypatch.setattr(module, "working_folder", lambda: tmp_path / "own")
    monkeypatch.setattr(module, "project_root", lambda: tmp_path / "ours")
    assert (read(db, results, settings) is not None) == is_kept
