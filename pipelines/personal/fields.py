"""Which fields of marts are personal, as their YAML says, and how a personal value is shown: its shape alone."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml

from pipelines.contract.contract import models_folder
from pipelines.yaml_file import LOADER


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
    # As dbt reads them: at any depth, under both endings.
    files = [file for file in models_folder(partner).rglob("*.y*ml") if file.suffix in (".yml", ".yaml")]
    return {
        model["name"]: model.get("columns", [])
        for file in sorted(files)
        for model in (yaml.load(file.read_text(encoding="utf-8"), Loader=LOADER) or {}).get("models") or []  # noqa: S506
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


def _is_personal(column: dict[str, Any]) -> bool:
    return bool(_meta(column).get("pii"))


def _meta(column: dict[str, Any]) -> dict[str, Any]:
    return {**column.get("meta", {}), **column.get("config", {}).get("meta", {})}
