"""Marts made by hand, for tests of the plan and the push without dbt."""

from typing import Any

import duckdb

from pipelines.contract.contract import load_contract


def write_marts(db: duckdb.DuckDBPyConnection, partner: str, rows: dict[str, list[dict[str, Any]]]) -> None:
    """Replaces all marts of a partner; entities without rows get an empty mart. `by_law`: what must not stay there."""
    contract = load_contract(partner)
    db.execute("create schema if not exists partners")
    for entity in contract.entities.values():
        references = [c for columns in entity.reference_columns.values() for c in columns]
        given = rows.get(entity.name, [])
        payload = (
            list(given[0]) if given else [next(iter(contract.schema(entity.name, "create")["properties"]))]
        )
        names = ["external_id", *references, *(n for n in payload if n not in ("external_id", *references))]
        lists = {n for n in references if n.endswith("_external_ids")}
        types = {
            n: "varchar[]" if n in lists else _type(given[0].get(n)) if given else "varchar" for n in names
        }
        columns = ", ".join(f'"{n}" {types[n]}' for n in names)
        db.execute(f'create or replace table partners."{partner}__{entity.name}" ({columns})')
        for row in given:
            marks = ", ".join("?" for _ in names)
            db.execute(
                f'insert into partners."{partner}__{entity.name}" values ({marks})',
                [row.get(n) for n in names],
            )

    if any(entity.by_law for entity in contract.entities.values()):
        model = f'partners."{partner}__by_law"'
        db.execute(
            f"create or replace table {model} (entity varchar, external_id varchar, rule varchar, reason varchar)"
        )
        for row in rows.get("by_law", []):
            db.execute(f"insert into {model} values ($entity, $external_id, $rule, $reason)", row)


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "double"
    if isinstance(value, list):
        return f"{_type(value[0] if value else None)}[]"
    if isinstance(value, dict):
        return "struct(" + ", ".join(f'"{k}" {_type(v)}' for k, v in value.items()) + ")"
    return "varchar"
