"""What a null of a mart is in a request: left out of a new record, and the clearing of a field of one that is there."""

from collections.abc import Mapping
from typing import Any

from pipelines.api.protocols.protocol import Operation
from pipelines.contract.contract import Contract, Purpose

Json = dict[str, Any]


class Nulls:
    """The rule for the bodies of one partner, whose schemas are read once."""

    def __init__(self, contract: Contract):
        self._contract = contract
        self._schemas: dict[tuple[str, Purpose], Json] = {}

    def written(self, operation: Operation, body: Json) -> Json:
        """The body of a create, or of an upsert, which changes a record that we know."""
        schema = self._schema(operation.entity.name, "create")
        return of_new_record(body, schema) if operation.remote_id is None else of_known_record(body, schema)

    def changed(self, operation: Operation, body: Json) -> Json:
        """The body of a change."""
        return of_known_record(body, self._schema(operation.entity.name, "update"))

    def _schema(self, entity: str, purpose: Purpose) -> Json:
        key = (entity, purpose)
        if key not in self._schemas:
            self._schemas[key] = self._contract.schema(entity, purpose)
        return self._schemas[key]


def of_new_record(body: Mapping[str, Any], schema: Json) -> Json:
    """The body without what is not known, in nested objects too; null stays only where the field is required.

    An optional object of which nothing is known goes as a whole.
    """
    found: Json = {}
    required = schema.get("required", ())
    for name, value in body.items():
        part = _part(schema, name)
        known = _each(value, part, of_new_record)
        is_unknown = known is None or (known == {} and value != {})
        if not is_unknown or name in required:
            found[name] = known
    return found


def of_known_record(body: Mapping[str, Any], schema: Json) -> Json:
    """The body with null where the field may be null, which clears it; where it may not be, it is left out."""
    found: Json = {}
    for name, value in body.items():
        part = _part(schema, name)
        if value is not None or takes_null(part):
            found[name] = _each(value, part, of_known_record)
    return found


def takes_null(schema: Json) -> bool:
    """Whether a field may be null; a field without a type may be anything."""
    options = schema.get("oneOf") or schema.get("anyOf")
    if options:
        return any(takes_null(option) for option in options)
    kinds = schema.get("type")
    return kinds is None or "null" in ([kinds] if isinstance(kinds, str) else kinds)


def _each(value: Any, schema: Json, rule: Any) -> Any:
    if isinstance(value, Mapping):
        return rule(value, schema)
    if isinstance(value, list):
        return [_each(item, schema.get("items", {}), rule) for item in value]
    return value


def _part(schema: Json, name: str) -> Json:
    """The schema of a field; with null beside it as a choice, that of the value and null together."""
    found: Json = schema.get("properties", {}).get(name, {})
    options = found.get("oneOf") or found.get("anyOf")
    if not options:
        return found
    values = [option for option in options if option.get("type") != "null"]
    return {**values[0], "oneOf": options} if len(values) == 1 else found
