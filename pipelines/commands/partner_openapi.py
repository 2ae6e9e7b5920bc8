"""A contract to begin with, made from an OpenAPI document: what can be seen in it is taken, what cannot gets a mark.

The mark is `x-fill-in` with a question; a contract with one left is not used, and says which are left.
"""

import copy
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipelines.contract.schema.json_schema import body_schema, resolve
from pipelines.contract.unfinished import MARK
from pipelines.errors import SettingsError
from pipelines.yaml_file import MOST_BYTES, YamlError, read_yaml

Json = dict[str, Any]
EXAMPLE = Path(__file__).parent / "partner_example.yaml"
METHODS = ("get", "post", "put", "patch", "delete")
JSON_BODY = "application/json"
# Names that our id, the partner's id and the parts of a list have at many vendors, the likeliest first.
OUR_ID = (
    "externalId",
    "external_id",
    "extId",
    "externalReference",
    "external_reference",
    "customId",
    "reference",
)
THEIR_ID = ("id", "uuid", "_id", "Id")
PAGE, SIZE = (
    ("page", "page_number", "pageNumber", "pageIndex"),
    ("size", "page_size", "pageSize", "per_page", "limit"),
)
TOTAL = ("total", "totalCount", "total_count", "totalItems", "count")


def read_openapi(file: Path | None) -> Json:
    """The vendor's document, or that of the invented partner for None.

    Raises `SettingsError` for what is no OpenAPI 3 document in JSON or YAML.
    """
    if file is None:
        example: Json = read_yaml(EXAMPLE)
        return example
    document: Json = _parsed(file)
    if not _is_openapi(document):
        what = (
            "Swagger 2; convert it to OpenAPI 3 first" if _is_swagger(document) else "no OpenAPI 3 document"
        )
        raise SettingsError(f"--from {file}: is {what}")
    for reference in _references(document):
        if not reference.startswith("#/") or _target(document, reference) is None:
            raise SettingsError(
                f"--from {file}: refers to {reference[:80]!r}, which is not in it; bundle the document into one file"
            )
    return document


def _parsed(file: Path) -> Any:
    try:
        if file.suffix.lower() == ".json":
            if file.stat().st_size > 8 * MOST_BYTES:
                raise SettingsError(f"--from {file}: has more than {8 * MOST_BYTES >> 20} MB")
            return json.loads(file.read_text(encoding="utf-8-sig"))
        return read_yaml(file)
    except OSError as problem:
        raise SettingsError(
            f"--from {file}: cannot be read ({problem.strerror}); name the vendor's file"
        ) from None
    except YamlError as problem:
        line = f" (line {problem.line})" if problem.line else ""
        raise SettingsError(f"--from {file}: {problem}{line}") from None
    except json.JSONDecodeError as problem:
        raise SettingsError(f"--from {file}: is no JSON: {problem.msg} (line {problem.lineno})") from None
    except (UnicodeDecodeError, RecursionError):
        raise SettingsError(f"--from {file}: is not UTF-8, or nested too deep") from None


def _is_openapi(document: Any) -> bool:
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3."):
        return False
    paths, info = document.get("paths"), document.get("info")
    return (
        isinstance(paths, dict)
        and isinstance(info, dict)
        and bool(info.get("title"))
        and all(isinstance(item, dict) and str(path).startswith("/") for path, item in paths.items())
    )


def _is_swagger(document: Any) -> bool:
    return isinstance(document, dict) and "swagger" in document


def contract_of(partner: str, document: Json, where: str) -> Json:
    """The document as a contract with marks.

    Raises `SettingsError` where it has no collection to send to, or a part that is not as OpenAPI has it.
    """
    try:
        return _contract_of(partner, document, where)
    except (AttributeError, KeyError, TypeError, RecursionError) as problem:
        raise SettingsError(
            f"{where}: has a part that is not as OpenAPI 3 has it ({type(problem).__name__}: {str(problem)[:80]});"
            " check it with a validator of OpenAPI"
        ) from None


def _contract_of(partner: str, document: Json, where: str) -> Json:
    is_example = not document["info"].get("title")
    level, source = ("assumed", "proposal") if is_example else ("documented", "openapi")
    plain = _modern(copy.deepcopy(document))
    _break_circles(plain)
    found = list(_collections(plain))
    if not found:
        raise SettingsError(
            f"{where}: no path takes a POST with a JSON body and has one record below it that can be changed (as"
            " /units and /units/{id}); begin without --from"
        )
    names = _entity_names([collection for collection, _ in found])
    entities = {name: _entity(plain, *place) for name, place in zip(names, found, strict=True)}
    title = partner.replace("_", " ").title() if is_example else str(plain["info"].get("title"))
    kept = {path for place in found for path in place}
    for _, record in found:
        _rename_id(plain, record)
    paths = {_with_id(path, kept): item for path, item in plain["paths"].items() if path in kept}
    components = _reachable(plain, paths)
    components["securitySchemes"] = plain.get("components", {}).get("securitySchemes") or {
        "token": {"type": "http", "scheme": "bearer"}
    }
    servers = plain.get("servers") or [{"url": "https://api.example.org"}]
    made: Json = {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": str(plain["info"].get("version", "1")),
            "description": str(plain["info"].get("description") or f"What goes to {title}."),
            "x-sources": {
                source: "Assumption of this project, to be confirmed by the vendor."
                if is_example
                else "The vendor's OpenAPI document",
                MARK: "Where is each of these sources to be found? Name the address, and others that you use.",
            },
        },
        "servers": [
            {**server, MARK: "Is this the production address?"} if place == 0 else server
            for place, server in enumerate(servers)
        ],
        "security": plain.get("security") or [{"token": []}],
        "x-partner": _head(partner, title, plain, found[0][0], specified=not is_example),
        "x-entities": entities,
        "paths": paths,
        "components": components,
    }
    _mark_levels(made, level, source)
    return made


def fields_of(contract: Json, entity: str) -> Json:
    """The schema of what creates a record of an entity."""
    return body_schema(contract, contract["x-entities"][entity]["collection"], "post")


def _head(partner: str, title: str, document: Json, collection: str, specified: bool) -> Json:
    listed = document["paths"][collection].get("get", {})
    names = [parameter.get("name") for parameter in _parameters(document, listed)]
    shown = _schema_of_answer(document, listed)
    return {
        "name": partner,
        "title": title,
        "specified": specified,
        "credentials": ["api_token"],
        "limits": {
            "in_flight": 1,
            "confidence": "assumed",
            MARK: "How many requests a second, a minute, a day, and at a time does the vendor allow?",
        },
        "paging": {
            "style": "page",
            "items": _items(shown),
            "page": _first(PAGE, names) or "page",
            "size": _first(SIZE, names) or "size",
            "total": _first(TOTAL, shown.get("properties", {})) or "total",
            "default_size": 50,
            "max_size": 100,
            MARK: "How are lists read? Styles and keys: docs/contracts.md, x-partner.",
        },
        "error": {
            "code": "code",
            "message": "message",
            MARK: "Where does an answer with an error say which error and which field?",
        },
        MARK: "Which credentials does the login need? They are settings DESTINATION__<PARTNER>__<KEY>.",
    }


def _entity(document: Json, collection: str, record: str) -> Json:
    """What can be seen of one entity; which rows of the ERP it is made of cannot."""
    body = body_schema(document, collection, "post").get("properties", {})
    listed = document["paths"][collection].get("get", {})
    shown = _schema_of_answer(document, document["paths"][collection]["post"]).get("properties", {}) or body
    ours = _first(OUR_ID, body)
    made: Json = {
        "title": _words(collection.rsplit("/", 1)[-1]).capitalize(),
        "erp": "Verwaltungseinheit",
        "collection": collection,
        "record": _with_id(record, {record}),
        "id": _first(THEIR_ID, shown) or "id",
    }
    if ours:
        made["external_id"] = ours
        if ours in [parameter.get("name") for parameter in _parameters(document, listed)]:
            made["find"] = {"method": "get", "path": collection, "query": ours}
    made["withdraw"] = "keep"
    made["withdraw_note"] = "Nothing is taken away before somebody has decided how."
    made[MARK] = (
        "Is it a record that we send, and of which rows of the ERP (mart and erp)? Which field has the partner's id,"
        " which one ours, how is it found (find, natural_key)? Which fields name its parents? What happens when a row"
        " leaves the mart (withdraw)? Keys: docs/contracts.md, x-entities. Not sent: delete entity, mart and paths."
    )
    return made


def _collections(document: Json) -> Iterator[tuple[str, str]]:
    """Path of each collection that takes a POST with a JSON body, and of its record, which can be changed."""
    for path, item in document["paths"].items():
        record = next(
            (other for other in document["paths"] if re.fullmatch(re.escape(path) + r"/\{[^/{}]+\}", other)),
            "",
        )
        if (
            record
            and _takes_json(document, item.get("post"))
            and any(
                _takes_json(document, document["paths"][record].get(method)) for method in ("patch", "put")
            )
        ):
            yield path, record


def _takes_json(document: Json, operation: Any) -> bool:
    """Whether an operation has a JSON body that is an object; the body is moved into the operation where it is not."""
    if not isinstance(operation, dict) or not isinstance(operation.get("requestBody"), dict):
        return False
    operation["requestBody"] = resolve_part(document, operation["requestBody"])
    schema = operation["requestBody"].get("content", {}).get(JSON_BODY, {}).get("schema")
    return isinstance(schema, dict) and "properties" in resolve(document, schema)


def resolve_part(document: Json, part: Json) -> Json:
    """A part of the document in the place of a reference to it."""
    return _target(document, str(part["$ref"])) or {} if "$ref" in part else part


def _with_id(path: str, records: set[str]) -> str:
    """The path of a record with `{id}`, whatever the vendor calls it; a collection as it is."""
    is_record = path in records and path.endswith("}")
    return re.sub(r"\{[^/{}]+\}$", "{id}", path) if is_record else path


def _rename_id(document: Json, record: str) -> None:
    """Calls the last parameter of a record's path `id`, in the path's parameters and in those of its operations."""
    name, item = record.rsplit("{", 1)[1].rstrip("}"), document["paths"][record]
    for place in (item, *(item[method] for method in METHODS if method in item)):
        if "parameters" in place:
            place["parameters"] = [
                {**parameter, "name": "id"}
                if (parameter.get("in"), parameter.get("name")) == ("path", name)
                else parameter
                for parameter in _parameters(document, place)
            ]


def _entity_names(collections: list[str]) -> list[str]:
    names: list[str] = []
    for collection in collections:
        name = _words(collection.rsplit("/", 1)[-1]).replace(" ", "_") or "records"
        name = name if name[0].isalpha() else f"n_{name}"
        while name in names:
            name += "_2"
        names.append(name)
    return names


def _words(text: str) -> str:
    """`propertyGroups` and `property-groups` as `property groups`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return " ".join(re.sub(r"[^A-Za-z0-9]+", " ", spaced).lower().split())


def _parameters(document: Json, operation: Json) -> list[Json]:
    return [resolve_part(document, parameter) for parameter in operation.get("parameters", [])]


def _schema_of_answer(document: Json, operation: Json) -> Json:
    for status in ("200", "201"):
        answer = resolve_part(document, operation.get("responses", {}).get(status, {}))
        schema = answer.get("content", {}).get(JSON_BODY, {}).get("schema")
        if isinstance(schema, dict):
            return resolve(document, schema)
    return {}


def _items(shown: Json) -> str:
    """Path of the list in an answer that lists."""
    lists = [name for name, part in shown.get("properties", {}).items() if part.get("type") == "array"]
    return lists[0] if lists and shown.get("type") != "array" else ""


def _first(wanted: tuple[str, ...], there: Any) -> str:
    return next((name for name in wanted if name in there), "")


def _modern(part: Any) -> Any:
    """OpenAPI 3.0 as 3.1: `nullable` becomes a type, and a bound that does not count is left out."""
    if isinstance(part, list):
        return [_modern(child) for child in part]
    if not isinstance(part, dict):
        return part
    made = {str(name): _modern(child) for name, child in part.items()}
    for bound in ("exclusiveMinimum", "exclusiveMaximum"):
        if isinstance(made.get(bound), bool):
            del made[bound]
    if made.pop("nullable", False) is True and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
        if "enum" in made and None not in made["enum"]:
            made["enum"] = [*made["enum"], None]
    return made


def _break_circles(document: Json) -> None:
    """Replaces each reference that leads back to a schema in which it stands: a body in a contract has an end."""
    done: set[str] = set()

    def walk(part: Any, inside: tuple[str, ...]) -> None:
        children = list(part.values()) if isinstance(part, dict) else part if isinstance(part, list) else []
        for child in children:
            reference = child.get("$ref") if isinstance(child, dict) else None
            if isinstance(reference, str) and reference in inside:
                child.clear()
                child.update(
                    {
                        "type": "object",
                        MARK: f"{reference.rsplit('/', 1)[-1]} contains itself: what is needed of it?",
                    }
                )
            elif isinstance(reference, str):
                enter(reference, inside)
            walk(child, inside)

    def enter(reference: str, inside: tuple[str, ...]) -> None:
        if reference not in done:
            walk(_target(document, reference), (*inside, reference))
            done.add(reference)

    for name in document.get("components", {}).get("schemas", {}):
        enter(f"#/components/schemas/{name}", ())


def _reachable(document: Json, paths: Json) -> Json:
    """The components that these paths need."""
    open_, seen, made = list(_references(paths)), set[str](), Json()
    while open_:
        reference = open_.pop()
        target = _target(document, reference)
        if reference in seen or target is None:
            continue
        seen.add(reference)
        open_ += _references(target)
        *_, kind, name = reference.split("/")
        made.setdefault(kind, {})[name.replace("~1", "/").replace("~0", "~")] = target
    return {kind: dict(sorted(parts.items())) for kind, parts in sorted(made.items())}


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, Mapping):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for child in part.values():
            yield from _references(child)
    elif isinstance(part, list):
        for child in part:
            yield from _references(child)


def _target(document: Json, reference: str) -> Json | None:
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None


def _mark_levels(contract: Json, level: str, source: str) -> None:
    """Says of each path, operation, field, login and server how well it is known."""
    for item in contract["paths"].values():
        _mark(item, level, source)
        for method in METHODS:
            if method in item:
                _mark(item[method], level, source)
    for scheme in contract["components"]["securitySchemes"].values():
        _mark(scheme, level, source)
    for server in contract["servers"]:
        _mark(server, level, source)
    for schema in contract["components"].get("schemas", {}).values():
        _mark_fields(schema, level, source)


def _mark_fields(schema: Any, level: str, source: str) -> None:
    if not isinstance(schema, dict):
        return
    for field in schema.get("properties", {}).values():
        _mark(field, level, source)
        if {"format", "enum", "const", "pattern"} & field.keys() or "enum" in field.get("items", {}):
            field["x-values-confidence"] = level
        _mark_fields(field, level, source)
        _mark_fields(field.get("items"), level, source)
    for part in schema.get("allOf", []):
        _mark_fields(part, level, source)


def _mark(part: Json, level: str, source: str) -> None:
    part.setdefault("x-confidence", level)
    part.setdefault("x-source", source)
