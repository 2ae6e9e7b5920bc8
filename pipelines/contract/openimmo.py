"""OpenImmo 1.2.7b in a contract: how files are handed over, and the schema of an `immobilie`, the same for all."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipelines.contract.model import VALUES, ContractError, Import, Json, OpenImmo
from pipelines.contract.parts import build
from pipelines.yaml_file import LOADER

KINDS = ("create", "update", "withdraw")
SOURCE = "xsd"
FILE = Path(__file__).parent / "openimmo.yaml"


def read_openimmo(given: Any, paths: Mapping[str, Any], where: str) -> OpenImmo:
    """The key `openimmo` of an entity. Raises ContractError that names the key."""
    at = f"{where}.openimmo"
    values = dict(given) if isinstance(given, Mapping) else given
    if isinstance(values, dict) and "http" in values:
        values["http"] = _http(values["http"], paths, f"{at}.http")
    found = build(OpenImmo, values, at)
    if found.intake == "http" and found.http is None:
        raise ContractError(f"{at}: the intake http needs the key 'http'.")
    return found


def _http(given: Any, paths: Mapping[str, Any], at: str) -> Import:
    found = build(Import, given, at)
    if found.accepted.keys() != set(KINDS):
        raise ContractError(f"{at}.accepted: words for {', '.join(KINDS)} are needed.")
    for path, method in ((found.path, "post"), (found.state_path, "get")):
        if method not in paths.get(path, {}):
            raise ContractError(f"{at}: {method} {path!r} is not described under paths.")
    return found


@cache
def immobilie() -> Json:
    """JSON Schema of an immobilie, references resolved; each field is marked as documented by the schema file."""
    document = yaml.load(FILE.read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506
    definitions = document.pop("$defs")
    return _resolved(document, definitions)


@cache
def columns() -> Json:
    """The same with the fields that a mart has: without what the transfer itself makes."""
    whole = immobilie()
    properties = {name: part for name, part in whole["properties"].items() if not part.get("readOnly")}
    return {
        **whole,
        "properties": properties,
        "required": [name for name in whole["required"] if name in properties],
    }


def _resolved(schema: Json, definitions: Json) -> Json:
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    found = dict(schema)
    if "properties" in found:
        found["properties"] = {
            name: _marked(_resolved(part, definitions)) for name, part in found["properties"].items()
        }
    if "items" in found:
        found["items"] = _resolved(found["items"], definitions)
    return found


def _marked(part: Json) -> Json:
    values = {VALUES: "documented"} if {"enum", "format", "pattern"} & part.keys() else {}
    return {"x-confidence": "documented", "x-source": SOURCE, **values, **part}
