"""OpenImmo 1.2.7b in a contract: how files are handed over, and the schema of an `immobilie`, the same for all."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, get_args

import yaml

from pipelines.contract.model import VALUES, ContractError, Import, Intake, Json, OpenImmo, SendAs

KINDS = ("create", "update", "withdraw")
SOURCE = "xsd"
FILE = Path(__file__).parent / "openimmo.yaml"


def read_openimmo(given: Any, paths: Mapping[str, Any], where: str) -> OpenImmo:
    """The key `openimmo` of an entity. Raises ContractError that names the key."""
    at = f"{where}.openimmo"
    known = {"intake", "objects", "wait", "http"}
    if not isinstance(given, Mapping) or not given.keys() <= known:
        raise ContractError(f"{at}: a map of {', '.join(sorted(known))} is needed; see docs/contracts.md.")
    intake: Any = given.get("intake")
    if intake not in get_args(Intake):
        raise ContractError(f"{at}.intake is {intake!r}; allowed: {', '.join(get_args(Intake))}.")
    http = _http(given["http"], paths, f"{at}.http") if "http" in given else None
    if intake == "http" and http is None:
        raise ContractError(f"{at}: the intake http needs the key 'http'.")
    objects, wait = given.get("objects", 200), given.get("wait", 120.0)
    if isinstance(objects, bool) or not isinstance(objects, int) or objects < 1:
        raise ContractError(f"{at}.objects is {objects!r}; a whole number of at least 1 is needed.")
    if isinstance(wait, bool) or not isinstance(wait, int | float) or wait < 0:
        raise ContractError(f"{at}.wait is {wait!r}; seconds are needed, 0 or more.")
    return OpenImmo(intake, objects, float(wait), http)


def _http(given: Any, paths: Mapping[str, Any], at: str) -> Import:
    words = {"running", "done", "failed", "rejected", "unknown"}
    try:
        made: dict[str, Any] = {
            name: tuple(value) if name in words else value for name, value in dict(given).items()
        }
        made["accepted"] = {kind: tuple(value) for kind, value in dict(given["accepted"]).items()}
        found = Import(**made)
    except (TypeError, KeyError, ValueError) as problem:
        raise ContractError(f"{at}: {str(problem).replace('Import.__init__()', '').strip()}.") from None
    if found.accepted.keys() != set(KINDS):
        raise ContractError(f"{at}.accepted: words for {', '.join(KINDS)} are needed.")
    if found.send_as not in get_args(SendAs):
        raise ContractError(f"{at}.send_as is {found.send_as!r}; allowed: {', '.join(get_args(SendAs))}.")
    for path, method in ((found.path, "post"), (found.state_path, "get")):
        if method not in paths.get(path, {}):
            raise ContractError(f"{at}: {method} {path!r} is not described under paths.")
    return found


@cache
def immobilie() -> Json:
    """JSON Schema of an immobilie, references resolved; each field is marked as documented by the schema file."""
    document = yaml.safe_load(FILE.read_text(encoding="utf-8"))
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
