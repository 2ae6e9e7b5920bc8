"""What the YAML beside the models says is what the models are."""

from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from tests.conftest import erp_tables
from tests.staging.staging_rows import NONSENSE

PROJECT = Path(__file__).resolve().parents[2]
FILES = [
    "models/staging/base/_base_erp.yml",
    "models/staging/_stg_erp.yml",
    "models/intermediate/_intermediate.yml",
    "models/intermediate/_quality.yml",
]


BASE, STAGING = FILES[:2]
# Columns of the base models that staging does not show.
VERDICT = ("_zeile", "_maengel", "_rule", "_reason")


def own(file: str) -> dict[str, dict[str, Any]]:
    """By model: the columns that the file itself describes."""
    models = yaml.safe_load((PROJECT / file).read_text(encoding="utf-8"))["models"]
    return {
        model["name"]: {
            column["name"]: column for column in model.get("columns", []) if "description" in column
        }
        for model in models
    }


def raw_columns() -> dict[str, dict[str, Any]]:
    """By ERP table: the columns that `_erp_raw.yml` describes."""
    (source,) = yaml.safe_load((PROJECT / "models/staging/_erp_raw.yml").read_text(encoding="utf-8"))[
        "sources"
    ]
    return {
        table["name"]: {column["name"]: column for column in table["columns"]} for table in source["tables"]
    }


def described(file: str) -> dict[str, dict[str, Any]]:
    """By model: its columns, each described in the one place where it comes from."""
    raw, base = raw_columns(), own(BASE)
    if file == BASE:
        return {model: raw[model.removeprefix("base_erp__")] | columns for model, columns in base.items()}
    if file == STAGING:
        made = {
            table.removeprefix("base_erp__"): {n: c for n, c in columns.items() if n not in VERDICT}
            for table, columns in base.items()
        }
        return {
            model: raw[table] | made[table] | columns
            for model, columns in own(STAGING).items()
            for table in [model.removeprefix("stg_erp__")]
        }
    return own(file)


@pytest.mark.parametrize("file", FILES)
def test_every_model_and_column_is_described_as_built(staging: duckdb.DuckDBPyConnection, file: str) -> None:
    folder = (PROJECT / file).parent
    models = described(file)
    if file.endswith(("_stg_erp.yml", "_base_erp.yml")):
        assert sorted(models) == sorted(path.stem for path in folder.glob("*.sql"))
    for model, columns in models.items():
        built = [
            name
            for (name,) in staging.execute(
                "select column_name from information_schema.columns where table_name = ? order by ordinal_position",
                [model],
            ).fetchall()
        ]
        assert sorted(columns) == sorted(built), model
        assert all(column["description"].strip() for column in columns.values())


def test_a_column_of_an_erp_table_is_described_once() -> None:
    raw, base = raw_columns(), own(BASE)
    for table, columns in raw.items():
        made, added = base[f"base_erp__{table}"], own(STAGING)[f"stg_erp__{table}"]
        assert not columns.keys() & made.keys(), table
        assert not added.keys() & (columns.keys() | made.keys() - {"_zeile"}), table
        for name, column in columns.items():
            assert column["description"].strip(), f"{table}.{name}"
            assert column["meta"]["typ"], f"{table}.{name}"


def test_each_column_stands_once_in_its_table() -> None:
    for table, columns in erp_tables().items():
        assert len(set(columns)) == len(columns), table


def test_personal_columns_are_marked_in_every_layer() -> None:
    raw = raw_columns()
    assert {name for name, column in raw["interessent"].items() if column["meta"].get("pii")} == {
        "vorname",
        "nachname",
        "geburtsdatum",
        "email",
        "telefon",
    }
    personal = {"base_erp__kontaktweg": {"email_adresse", "telefon_e164"}}
    for model, columns in own(BASE).items():
        marked = {n for n, column in columns.items() if column.get("config", {}).get("meta", {}).get("pii")}
        assert marked == {"_maengel"} | personal.get(model, set()), model


def test_a_text_that_is_no_value_is_listed_for_every_column_with_a_type(
    staging: duckdb.DuckDBPyConnection,
) -> None:
    columns = erp_tables()
    for table in columns:
        typed = staging.execute(
            "select column_name from information_schema.columns where table_name = ? "
            "and (data_type <> 'VARCHAR' or column_name = 'baujahr')",
            [f"base_erp__{table}"],
        ).fetchall()
        listed = staging.execute(
            "select column_name from quality.findings "
            "where table_name = ? and starts_with(key, ?) and rule in ('C2', 'C3')",
            [table, NONSENSE],
        ).fetchall()
        assert sorted(listed) == sorted((name,) for (name,) in typed if name in columns[table]), table
