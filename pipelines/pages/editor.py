"""JSON schemas of `contract.yaml` and `profile.yaml`, with which an editor completes keys and shows what they mean.

What a key means is taken from the tables of docs/contracts.md and docs/add-a-partner.md, its shape from the dataclasses
of `contract`. They know less than `parse_contract`, which also sees what keys say together.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic import TypeAdapter

from pipelines.contract import content, contract, entities, profile
from pipelines.contract.model import (
    ID_NUMBERS,
    Allowed,
    BeforeBegin,
    Below,
    Bulk,
    ErrorShape,
    Find,
    LeftOut,
    Limits,
    Login,
    Lookup,
    MultiStatus,
    OpenImmo,
    Paging,
    Patience,
    Protocol,
    ReferBy,
    Setting,
)
from pipelines.contract.rhythms import USE_CASES
from pipelines.settings import project_root

Json = dict[str, Any]
CONTRACT, PROFILE = "docs/editor/contract.schema.json", "docs/editor/profile.schema.json"
DRAFT = "http://json-schema.org/draft-07/schema#"
KINDS = {
    kind.__name__: kind
    for kind in (
        Allowed, Below, Bulk, ErrorShape, Find, LeftOut, Limits, Login, Lookup, MultiStatus, OpenImmo, Paging, Patience,
        Setting,
    )
}  # fmt: skip
# Headings of docs/contracts.md above the table of keys of a dataclass.
TABLES = {"Login": "login", "Bulk": "several upserts in one request", "OpenImmo": "openimmo"}
TEXT, FLAG, ANYTHING = {"type": "string"}, {"type": "boolean"}, {"type": "object"}
TEXTS = {"type": "array", "items": TEXT}
SCALAR = {"type": ["string", "number", "boolean", "null"]}
COUNT = {"type": "integer", "minimum": 1}
TEXT_BY_NAME = {"type": "object", "additionalProperties": TEXT}


def editor_schemas() -> Mapping[str, str]:
    """The text of both schemas by its place in the project."""
    made = {CONTRACT: contract_schema(), PROFILE: profile_schema()}
    return {name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in made.items()}


def contract_schema() -> Json:
    """The schema of a `contract.yaml`: OpenAPI as it is, our own keys key by key."""
    told = tables_of_keys("docs/contracts.md")
    openapi = {"info": ANYTHING, "paths": ANYTHING, "components": ANYTHING, "servers": {"type": "array"}}
    return {
        "$schema": DRAFT,
        "title": "contract.yaml of a partner",
        "description": "The partner's API in OpenAPI 3.1, with x-partner and x-entities: docs/contracts.md.",
        "type": "object",
        "required": ["openapi", "info", "servers", "paths", "x-partner", "x-entities"],
        "properties": {
            "openapi": TEXT,
            **openapi,
            "security": {"type": "array"},
            "tags": {"type": "array"},
            "externalDocs": ANYTHING,
            "x-partner": _map(_head(), told["x-partner"], ("name", "title", "credentials", "paging")),
            "x-entities": {
                "type": "object",
                "description": "The kinds of records at the partner, by our name: the mart is <partner>__<name>.",
                "additionalProperties": _map(
                    _entity(told), told["x-entities"], ("title", "erp", "id", "withdraw", "withdraw_note")
                ),
            },
        },
        "additionalProperties": False,
        "definitions": _definitions(told),
    }


def profile_schema() -> Json:
    """The schema of a `profile.yaml`."""
    told = tables_of_keys("docs/add-a-partner.md")["5. profile and settings"]
    values = {"type": "array", "minItems": 1}
    allowed = {
        "anyOf": [
            {**values, "items": TEXT},
            {**values, "items": FLAG},
            {"enum": list(profile.WORDS)},
        ]
    }
    option = {
        "type": "object",
        "required": ["default", "allowed"],
        "properties": {"default": {}, "allowed": allowed},
        "additionalProperties": False,
    }
    options = {
        "type": ["object", "null"],
        "propertyNames": {"pattern": "^[a-z][a-z0-9_]{0,40}$", "not": {"enum": list(profile.SHARED)}},
        "additionalProperties": option,
    }
    keys: dict[str, Json] = {
        "aktiv": FLAG,
        "tenants_need": {"enum": list(get_args(profile.Need))},
        "needs_gebaeude": FLAG,
        "options": options,
        "note": {"type": ["string", "null"]},
    }
    return {
        "$schema": DRAFT,
        "title": "profile.yaml of a partner",
        "description": "What our rules need to know of a partner, beside its API: docs/add-a-partner.md.",
        **_map(keys, told, ("aktiv", "tenants_need", "needs_gebaeude")),
    }


def tables_of_keys(file: str) -> Mapping[str, Mapping[str, str]]:
    """By heading (in lower case), or the word that a table is said to be of: what each key means."""
    found: dict[str, dict[str, str]] = {}
    place: str | None = None
    heading = ""
    for line in (project_root() / file).read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            heading = line.strip("# `").lower()
        elif begun := re.match(r"\| key(?: of (?:a )?`?(\w+)`?)? \| meaning \|", line):
            place = begun[1] or heading
        elif not line.startswith("|"):
            place = None
        elif place and (row := re.match(r"\| (`[^|]*`) \| (.*) \|$", line)):
            for key in re.findall(r"`(\w+)`", row[1]):
                found.setdefault(place, {})[key] = row[2].replace("\\|", "|")
    return found


def _map(keys: Mapping[str, Json], told: Mapping[str, str], required: Iterable[str]) -> Json:
    """A map of these keys and no others."""
    described = {
        key: {"description": told[key], **shape} if key in told else shape for key, shape in keys.items()
    }
    return {
        "type": "object",
        "required": list(required),
        "properties": {key: _beside_a_reference(shape) for key, shape in described.items()},
        "additionalProperties": False,
    }


def _beside_a_reference(shape: Json) -> Json:
    """In this draft nothing counts beside a `$ref`."""
    if "$ref" not in shape or len(shape) == 1:
        return shape
    return {**{key: part for key, part in shape.items() if key != "$ref"}, "allOf": [{"$ref": shape["$ref"]}]}


def _ref(kind: type) -> Json:
    return {"$ref": f"#/definitions/{kind.__name__}"}


def _head() -> Mapping[str, Json]:
    shapes: dict[str, Json] = {
        "name": TEXT,
        "title": TEXT,
        "specified": FLAG,
        "credentials": TEXTS,
        "login": _ref(Login),
        "version_ended": COUNT,
        "limits": _ref(Limits),
        "patience": _ref(Patience),
        "settings": {"type": "object", "additionalProperties": {"anyOf": [SCALAR, _ref(Setting)]}},
        "protocol": {"enum": list(get_args(Protocol))},
        "schema": TEXT,
        "endpoint": TEXT,
        "batch": COUNT,
        "record": TEXT,
        "paging": _ref(Paging),
        "error": _ref(ErrorShape),
        "success": ANYTHING,
        "multi_status": _ref(MultiStatus),
        "equal_refusals": COUNT,
    }
    return {key: shapes[key] for key in sorted(contract.HEAD, key=list(shapes).index)}


def _entity(told: Mapping[str, Mapping[str, str]]) -> Mapping[str, Json]:
    texts = (
        "title", "erp", "collection", "record", "items", "unwrap", "id", "external_id", "external_ids", "unique_field",
        "id_space", "created_with", "withdraw_note", "begin", "mutation", "argument", "input", "made_by", "by_law",
    )  # fmt: skip
    maps = ("where", "fixed", "archived")
    shapes: dict[str, Json] = {
        **dict.fromkeys(texts, TEXT),
        **dict.fromkeys(maps, ANYTHING),
        **dict.fromkeys(("shown_as", "former_ids", "parents"), TEXT_BY_NAME),
        **dict.fromkeys(("upsert", "unique_external_id"), FLAG),
        "list": {"anyOf": [TEXT, _ref(Find)]},
        "find": _ref(Find),
        "candidates": _ref(Find),
        "natural_key": TEXTS,
        "lookups": {"type": "object", "additionalProperties": _ref(Lookup)},
        "withdraw": _withdraw(),
        "before_begin": {"enum": list(get_args(BeforeBegin))},
        "refer_by": {"enum": list(get_args(ReferBy))},
        "before_create": {"enum": ["look_up", "list"]},
        "list_below": _ref(Below),
        "left_out_if_taken": _ref(LeftOut),
        "create": {"enum": ["never"]},
        "states": {
            "type": "object",
            "required": ["field", "allows"],
            "properties": {
                "field": TEXT,
                "allows": {"type": "object", "additionalProperties": _ref(Allowed)},
            },
            "additionalProperties": False,
        },
        "use_case": {"enum": list(USE_CASES)},
        "bulk": _ref(Bulk),
        "openimmo": _ref(OpenImmo),
        "content": _content(told),
    }
    return {key: shapes[key] for key in sorted(entities.KEYS, key=list(shapes).index)}


def _withdraw() -> Json:
    call = {
        "type": "object",
        "required": ["mutation", "argument"],
        "properties": {"mutation": TEXT, "argument": TEXT},
        "additionalProperties": False,
    }
    keys: dict[str, Json] = {
        "end": TEXT,
        "detach": {"anyOf": [TEXT, call]},
        "deactivate": ANYTHING,
        "delete": call,
    }
    return {"anyOf": [{"enum": ["keep", "delete"]}, {**_map(keys, {}, ()), "minProperties": 1}]}


def _content(told: Mapping[str, Mapping[str, str]]) -> Json:
    keys: dict[str, Json] = {
        "field": TEXT,
        "id": TEXT,
        "hosts": TEXTS,
        "in_flight": COUNT,
        "max_bytes": COUNT,
        "seconds": COUNT,
        "remove": TEXT,
        "shown": {
            "type": "object",
            "propertyNames": {"enum": list(content.SHOWN)},
            "additionalProperties": TEXT,
        },
    }
    step: dict[str, Json] = {
        "name": TEXT,
        **dict.fromkeys(content.METHODS, TEXT),
        "body": ANYTHING,
        "keep": TEXT_BY_NAME,
        "bytes": FLAG,
        "part": TEXT,
        "runs_out": FLAG,
    }
    here = _map({"record": {"enum": ["json", "multipart"]}}, {}, ("record",))
    steps = {"type": "array", "items": {"anyOf": [here, _map(step, told["step"], ("name",))]}}
    return _map({**keys, "steps": steps}, told["content"], ("field", "steps"))


def _definitions(told: Mapping[str, Mapping[str, str]]) -> Json:
    """The dataclasses, as they are written in a contract."""
    made: Json = {}
    for name, kind in KINDS.items():
        schema = TypeAdapter(kind).json_schema(ref_template="#/definitions/{model}")
        made |= schema.pop("$defs", {})
        made[name] = schema
    made["Login"]["properties"].pop("is_form")  # of `paths`
    made["Lookup"]["properties"].pop("field")  # the key that it stands under
    made["Lookup"]["required"].remove("field")
    made["Allowed"]["properties"]["change"] = {"anyOf": [{"const": "all"}, TEXTS]}
    made["Find"]["properties"]["variable"] = TEXT  # of GraphQL, where there is no path
    made["Find"]["required"] = []
    for key in ("code", "message"):
        made["ErrorShape"]["properties"][key] = {"anyOf": [TEXT, TEXTS]}
    made["Setting"]["properties"]["allowed"] = {"anyOf": [TEXTS, {"enum": list(ID_NUMBERS)}]}
    for name, schema in made.items():
        of_its_own = told.get(TABLES.get(name, ""), {})
        for key, shape in schema["properties"].items():
            # Where no table says more, what the dataclass says of all its keys.
            meaning = of_its_own.get(key) or shape.get("description") or schema["description"]
            parts = {name: part for name, part in shape.items() if name != "title"}
            schema["properties"][key] = _beside_a_reference({**parts, "description": meaning})
        schema["description"] = " ".join(schema["description"].split())
    return dict(sorted(made.items()))
