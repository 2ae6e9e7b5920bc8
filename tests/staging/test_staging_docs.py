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


def described(file: str) -> dict[str, dict[str, Any]]:
    models = yaml.safe_load((PROJECT / file).read_text(encoding="utf-8"))["models"]
    return {model["name"]: {column["name"]: column for column in model["columns"]} for model in models}


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


def test_personal_columns_are_marked_in_every_layer() -> None:
    raw = yaml.safe_load((PROJECT / "models/staging/_erp_raw.yml").read_text(encoding="utf-8"))["sources"][0][
        "tables"
    ]
    personal = {
        table["name"]: {column["name"] for column in table["columns"] if column.get("meta", {}).get("pii")}
        for table in raw
    }
    for prefix, file in (("base_erp__", FILES[0]), ("stg_erp__", FILES[1])):
        for model, columns in described(file).items():
            marked = {
                name
                for name, column in columns.items()
                if column.get("config", {}).get("meta", {}).get("pii")
            }
            assert personal[model.removeprefix(prefix)] <= marked, model


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
            "select spalte from quality.findings "
            "where tabelle = ? and starts_with(schluessel, ?) and regel in ('C2', 'C3')",
            [table, NONSENSE],
        ).fetchall()
        assert sorted(listed) == sorted((name,) for (name,) in typed if name in columns[table]), table
