"""JSON Schemas in a few words."""

from collections.abc import Iterator

from pipelines.contract.contract import Json

FORMATS = ("date", "date-time", "email", "uuid", "uri")


def kind(schema: Json) -> str:
    """Type, format, values and length of a field: `string (date)`, `string: rental, owner`, `list of object`."""
    schema = without_null(schema)
    name = schema.get("type", "object" if "properties" in schema else "any")
    if isinstance(name, list):
        name = " or ".join(part for part in name if part != "null")
    if name == "array":
        name = f"list of {kind(schema.get('items', {}))}"
    if schema.get("format") in FORMATS:
        name += f" ({schema['format']})"
    if "maxLength" in schema:
        name += f", at most {schema['maxLength']} characters"
    bounds = [schema.get("minimum"), schema.get("maximum")]
    if bounds[1] is not None:
        name += f", {bounds[0] if bounds[0] is not None else ''} to {bounds[1]}"
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    shown = [str(value) for value in values if value is not None]
    return f"{name}: {', '.join(shown)}" if shown else str(name)


def is_nullable(schema: Json) -> bool:
    """Whether a field may be null."""
    options = schema.get("oneOf") or schema.get("anyOf") or [schema]
    return any("null" in _names(option) for option in options)


def without_null(schema: Json) -> Json:
    """The schema of the value, where null stands beside it as a choice."""
    options = schema.get("oneOf") or schema.get("anyOf")
    if not options:
        return schema
    (value, *others) = [option for option in options if _names(option) != ["null"]] or [{}]
    rest = {key: part for key, part in schema.items() if key not in ("oneOf", "anyOf")}
    return {**rest, "type": "any"} if others else {**value, **rest}


def members(schema: Json, path: str) -> Iterator[tuple[str, Json, bool]]:
    """Each nested field with its dotted path, its schema, and whether the object above requires it."""
    schema = without_null(schema)
    if "items" in schema:
        yield from members(schema["items"], f"{path}[]")
        return
    for name, child in schema.get("properties", {}).items():
        if not child.get("readOnly"):
            yield f"{path}.{name}", child, name in schema.get("required", [])
            yield from members(child, f"{path}.{name}")


def _names(schema: Json) -> list[str]:
    name = schema.get("type", [])
    return [name] if isinstance(name, str) else list(name)
