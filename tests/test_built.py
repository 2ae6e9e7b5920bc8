"""A plan belongs to its build: settings noted on the models, against those in force."""

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from pipelines.commands.built import check_built, models_behind
from pipelines.errors import BuildError
from pipelines.settings import Vars

ROOT = Path(__file__).resolve().parent.parent
ETG24 = {"aktiv": True, "separator": "/", "mandanten": ["001"]}
NOTED: dict[str, Any] = {
    "built_at": "2026-11-21T08:00:00+00:00",
    "stichtag": "2026-11-21",
    "vars": {"quelle_erp": "wodis_sigma"},
    "partner": ETG24,
}
SHARED = {**NOTED, "partner": None}
NODES = {
    "model.s.etg24__objekte": ("partners", "etg24__objekte", "model", ["model.s.stg_erp__gebaeude"]),
    "model.s.stg_erp__gebaeude": ("staging", "stg_erp__gebaeude", "model", ["seed.s.ve_klassen", "source.s.raw"]),
    "model.s.stg_erp__person": ("staging", "stg_erp__person", "model", []),
    "seed.s.ve_klassen": ("seeds", "ve_klassen", "seed", []),
}  # fmt: skip


def settings(stichtag: date = date(2026, 11, 21), **etg24: Any) -> Vars:
    return Vars(stichtag, "wodis_sigma", {"etg24": {**ETG24, **etg24}})


@pytest.fixture
def db(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    nodes = {
        key: {
            "name": name,
            "schema": schema,
            "alias": name,
            "resource_type": kind,
            "depends_on": {"nodes": on},
        }
        for key, (schema, name, kind, on) in NODES.items()
    }
    (tmp_path / "dbt").mkdir()
    (tmp_path / "dbt" / "manifest.json").write_text(json.dumps({"nodes": nodes}))
    with duckdb.connect() as connection:
        connection.execute("create schema partners; create schema staging; create schema sync")
        connection.execute("create table partners.etg24__objekte as select 1 as n")
        connection.execute("create view staging.stg_erp__gebaeude as select 1 as n")
        connection.execute("create table staging.stg_erp__person as select 1 as n")
        note(connection, "table partners.etg24__objekte", NOTED)
        note(connection, "view staging.stg_erp__gebaeude", SHARED)
        yield connection


def note(db: duckdb.DuckDBPyConnection, relation: str, noted: Any) -> None:
    db.execute(f"comment on {relation} is '{json.dumps(noted)}'")


def test_marts_built_with_the_settings_in_force_are_planned(
    db: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    check_built(db, tmp_path, settings())
    # Whether the partner is pushed in this run shapes no row; what it is not made from says nothing.
    check_built(db, tmp_path, settings(aktiv=1))


@pytest.mark.parametrize(
    ("now", "message"),
    [
        (settings(separator="-"), "partners.etg24.separator: the marts were built with '/', and now it is '-'"),
        (settings(mandanten="alle"), r"partners.etg24.mandanten: the marts were built with \['001'\]"),
        (settings(objekte=["001/1"]), "partners.etg24.objekte: the marts were built with None"),
        (settings(date(2026, 11, 22)), "etg24__objekte was built for 2026-11-21, and this is for 2026-11-22"),
    ],
)  # fmt: skip
def test_a_setting_that_is_not_that_of_the_build_is_named(
    db: duckdb.DuckDBPyConnection, tmp_path: Path, now: Vars, message: str
) -> None:
    with pytest.raises(BuildError, match=message) as told:
        check_built(db, tmp_path, now)
    assert "run `stammdaten build`" in str(told.value)


def test_a_model_behind_a_mart_that_was_built_another_day_is_named(
    db: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    note(db, "view staging.stg_erp__gebaeude", {**SHARED, "stichtag": "2026-11-20"})
    with pytest.raises(BuildError, match="stg_erp__gebaeude was built for 2026-11-20"):
        check_built(db, tmp_path, settings())


@pytest.mark.parametrize("comment", ["null", "'somebody wrote this'", "'[]'", "'{}'"])
def test_a_mart_of_which_nothing_is_known_is_not_planned(
    db: duckdb.DuckDBPyConnection, tmp_path: Path, comment: str
) -> None:
    db.execute(f"comment on table partners.etg24__objekte is {comment}")
    with pytest.raises(BuildError, match="etg24__objekte: it is not known with which settings it was built"):
        check_built(db, tmp_path, settings())


def test_marts_older_than_the_delivery_are_not_planned(db: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    db.execute(
        "create table sync.loads as select timestamp '2026-11-21 07:59:59' as loaded_at, 'a' as load_id,"
        " 'raw' as table_name, 'full' as kind"
    )
    check_built(db, tmp_path, settings())
    # Another table, and one that a load of another use case kept as it is, are no newer delivery.
    db.execute("insert into sync.loads values (timestamp '2026-11-21 08:00:01', 'b', 'person', 'full')")
    db.execute("insert into sync.loads values (timestamp '2026-11-21 08:00:01', 'b', 'raw', 'kept')")
    check_built(db, tmp_path, settings())
    db.execute("insert into sync.loads values (timestamp '2026-11-21 08:00:01', 'c', 'raw', 'full')")
    with pytest.raises(BuildError, match="etg24__objekte was built before the last delivery was loaded"):
        check_built(db, tmp_path, settings())


def test_a_setting_that_is_written_out_at_its_default_is_the_same_setting(
    db: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    note(db, "table partners.etg24__objekte", {**NOTED, "partner": {**ETG24, "stimmen_nach_mea": False}})
    check_built(db, tmp_path, settings())
    check_built(db, tmp_path, settings(ohne_objekte=None))
    with pytest.raises(
        BuildError, match=r"partners\.etg24\.stimmen_nach_mea: .* with False, and now it is True"
    ):
        check_built(db, tmp_path, settings(stimmen_nach_mea=True))


def test_the_models_behind_a_mart_are_found_through_seeds_and_sources() -> None:
    nodes = {
        key: {"name": n, "schema": s, "alias": n, "resource_type": k, "depends_on": {"nodes": on} if on else {}}
        for key, (s, n, k, on) in NODES.items()
    }  # fmt: skip
    assert models_behind(nodes, "etg24") == {
        ("partners", "etg24__objekte"),
        ("staging", "stg_erp__gebaeude"),
    }


def test_every_var_that_shapes_rows_is_noted() -> None:
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    macro = (ROOT / "macros" / "note_settings.sql").read_text(encoding="utf-8")
    [noted] = re.findall(r"do return\(\[(.*?)\]\)", macro)
    assert set(project["vars"]) - {"stichtag", "partners", "guards", "warn"} == set(
        re.findall(r"'(\w+)'", noted)
    )
