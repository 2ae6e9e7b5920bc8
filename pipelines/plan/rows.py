"""The rows of a plan for people: each field that changes, old and new, personal values masked."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipelines.contract.contract import LOADER
from pipelines.ledger.ledger import open_database
from pipelines.settings import project_root


def plan_lines(home: Path, plan_id: str, show_personal_data: bool) -> list[dict[str, Any]]:
    """Operations in the order of sending, each with its fields: `{"field", "old", "new"}` as JSON text."""
    with open_database(home) as db:
        found = db.execute(
            "select p.partner, p.entity, p.operation, p.external_id, p.payload, p.refs, p.changed_fields,"
            " l.payload, l.refs from sync.plan as p"
            " left join sync.ledger as l"
            " on p.partner = l.partner and p.id_space = l.id_space and p.external_id = l.external_id"
            " where p.plan_id = ? and p.sends order by p.seq",
            [plan_id],
        ).fetchall()
    lines = []
    for partner, entity, operation, external_id, payload, refs, changed, held, held_refs in found:
        new = {**json.loads(refs if operation != "withdraw" else "{}"), **json.loads(payload)}
        old = {**json.loads(held_refs or "{}"), **json.loads(held or "{}")}
        names = (
            changed if operation != "create" else [name for name, value in new.items() if value is not None]
        )
        hidden = frozenset() if show_personal_data else personal_fields(partner, entity)
        lines.append(
            {
                "partner": partner,
                "entity": entity,
                "operation": operation,
                "external_id": external_id,
                "fields": [
                    {
                        "field": name,
                        "old": _shown(old.get(name), name in hidden),
                        "new": _shown(new.get(name), name in hidden),
                    }
                    for name in names or ()
                ],
            }
        )
    return lines


@cache
def personal_fields(partner: str, entity: str) -> frozenset[str]:
    """Fields of a mart that its YAML marks as personal (`meta: {pii: true}`)."""
    columns = _columns(partner).get(f"{partner}__{entity}", [])
    return frozenset(c["name"].strip('"') for c in columns if _is_personal(c))


@cache
def nested_persons(partner: str, model: str) -> Mapping[str, str]:
    """Columns of a model that list persons (`meta: {person: FIELD}`) → the field of each that holds its id."""
    columns = _columns(partner).get(model, [])
    return {c["name"].strip('"'): _meta(c)["person"] for c in columns if "person" in _meta(c)}


@cache
def _columns(partner: str) -> dict[str, list[dict[str, Any]]]:
    """Columns of each of the partner's models, as its YAML lists them."""
    folder = project_root() / "models" / "partners" / partner
    return {
        model["name"]: model.get("columns", [])
        for file in sorted(folder.glob("*.yml"))
        for model in yaml.load(file.read_text(encoding="utf-8"), Loader=LOADER).get("models", [])  # noqa: S506
    }


def masked(value: Any) -> Any:
    """The shape of a value: letters become x, digits 9; structures keep their fields."""
    if isinstance(value, dict):
        return {name: masked(part) for name, part in value.items()}
    if isinstance(value, list):
        return [masked(part) for part in value]
    if isinstance(value, str):
        return re.sub(r"[0-9]", "9", re.sub(r"[^\W\d_]", "x", value))
    return None if value is None else "9" if isinstance(value, int | float) else value


def _shown(value: Any, is_hidden: bool) -> str:
    return json.dumps(masked(value) if is_hidden else value, ensure_ascii=False)


def _is_personal(column: dict[str, Any]) -> bool:
    return bool(_meta(column).get("pii"))


def _meta(column: dict[str, Any]) -> dict[str, Any]:
    return {**column.get("meta", {}), **column.get("config", {}).get("meta", {})}
