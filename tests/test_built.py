"""A plan belongs to its build: settings noted on the models, against those in force."""

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from pipelines.commands import built
from pipelines.commands.built import (
    IN_EVERY_USE_CASE,
    check_built,
    check_one_delivery,
    marts_to_test,
    models_behind,
    names_to_build,
    tables_of,
)
from pipelines.contract.contract import load_contract, parse_contract
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


# What lies behind a unit and a lease of kiwi, with what is held of them, which reads both.
RHYTHMS = {
    "kiwi__verwaltungseinheiten": ["model.s.base_ve"],
    "kiwi__mieter": ["model.s.base_mieter"],
    "kiwi__mietvertraege": ["model.s.base_mieter"],
    "kiwi__held": ["model.s.doubts", "model.s.of_units", "model.s.of_tenants"],
    "kiwi__findings": ["model.s.base_ve"],
    "doubts": ["model.s.base_ve", "model.s.base_mieter"],
    "of_units": ["model.s.base_ve"],
    "of_tenants": ["model.s.base_mieter"],
    "base_ve": ["source.s.erp_raw.verwaltungseinheit", "seed.s.kinds"],
    "base_mieter": ["source.s.erp_raw.mieter", "model.s.base_ve"],
}


def rhythm_nodes() -> dict[str, Any]:
    def node(name: str, kind: str, on: list[str]) -> dict[str, Any]:
        tags = [IN_EVERY_USE_CASE] if name == "doubts" else []
        return {
            "name": name, "schema": "s", "alias": name, "resource_type": kind, "tags": tags,
            "depends_on": {"nodes": on},
        }  # fmt: skip

    made = {f"model.s.{name}": node(name, "model", on) for name, on in RHYTHMS.items()}
    return {**made, "seed.s.kinds": node("kinds", "seed", []), "test.s.t": node("kiwi__mieter", "test", [])}


@pytest.fixture
def rhythms(monkeypatch: pytest.MonkeyPatch) -> Vars:
    """kiwi, as if its units were in another use case than its tenants and leases."""
    document = copy.deepcopy(load_contract("kiwi").document)
    for name in ("mieter", "mietvertraege"):
        document["x-entities"][name]["use_case"] = "dokumente"
    # The lease hangs on a unit; of that, units alone are taken here.
    contract = parse_contract("kiwi", document)
    monkeypatch.setattr(built, "load_contract", lambda _: contract)
    return Vars(date(2026, 11, 21), "wodis_sigma", {"kiwi": {**ETG24}}, use_case="stammdaten")


def test_one_use_case_builds_its_marts_what_is_behind_them_and_what_is_held(rhythms: Vars) -> None:
    nodes = rhythm_nodes()
    with duckdb.connect() as connection:
        connection.execute("create schema s")
        for name in (*RHYTHMS, "kinds"):
            connection.execute(f"create table s.{name} as select 1 as n")
        own = ("base_ve", "doubts", "kinds", "kiwi__held", "kiwi__verwaltungseinheiten", "of_units")
        assert names_to_build(connection, nodes, rhythms) == own
        # What is used as it lies has to be there.
        connection.execute("drop table s.base_mieter; drop table s.of_tenants")
        assert names_to_build(connection, nodes, rhythms) == tuple(
            sorted({*own, "base_mieter", "of_tenants"})
        )
    assert tables_of(nodes, rhythms) == {"verwaltungseinheit"}
    assert marts_to_test(rhythms) == ("kiwi__verwaltungseinheiten",)
    # The leases hang on the units, so their run builds these, too.
    others = replace(rhythms, use_case="dokumente")
    assert tables_of(nodes, others) == {"verwaltungseinheit", "mieter"}


def test_master_data_out_of_two_loads_is_not_built_nor_planned(
    db: duckdb.DuckDBPyConnection, tmp_path: Path, rhythms: Vars
) -> None:
    (tmp_path / "dbt" / "manifest.json").write_text(json.dumps({"nodes": rhythm_nodes()}))
    db.execute("create table sync.loads (load_id text, loaded_at timestamp, table_name text, kind text)")
    both = (
        "insert into sync.loads values ('a', '2026-11-21 07:00', 'mieter', 'full'), ('a', '2026-11-21 07:00',"
    )
    db.execute(f"{both} 'verwaltungseinheit', 'full')")
    everything = replace(rhythms, use_case=None)
    parsed = load_contract("kiwi")  # all of it is master data
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(built, "load_contract", lambda _: parsed)
        check_one_delivery(db, tmp_path, everything)
        db.execute(
            "insert into sync.loads values ('b', '2026-11-21 09:00', 'verwaltungseinheit', 'full'),"
            " ('b', '2026-11-21 09:00', 'mieter', 'kept')"
        )
        for use_case in (None, "stammdaten"):
            with pytest.raises(
                BuildError, match="verwaltungseinheit was loaded by a run of another use case, mieter"
            ):
                check_one_delivery(db, tmp_path, replace(rhythms, use_case=use_case))
        check_one_delivery(db, tmp_path, replace(rhythms, use_case="leerstaende"))
