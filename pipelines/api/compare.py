"""Whether what a partner shows means the same as what it was sent, and what may be sent to a record in its state.

Pure functions over JSON values.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pipelines.api.protocols.protocol import Operation
from pipelines.contract.contract import Entity
from pipelines.contract.model import Allowed

Json = Mapping[str, Any]


def differing(sent: Json, shown: Json, schema: Json, visible: Container[str]) -> dict[str, Any]:
    """The fields of `sent` that mean something else in the record `shown`, with the partner's values.

    `schema` is the JSON Schema of the record; fields that are not in `visible` are none that this partner ever shows,
    so nothing can be said about them.
    """
    properties = schema.get("properties", {})
    return {
        name: shown.get(name)
        for name, value in sent.items()
        if name in visible and not same(value, shown.get(name), properties.get(name, {}))
    }


def same(sent: Any, shown: Any, schema: Json) -> bool:
    """Whether two values of a field mean the same.

    70 is 70.0; null is a missing field, an empty text, or the default of the contract; dates count as moments; the
    order of a list of plain values does not count; of an object only the fields that were sent do.
    """
    if _is_nothing(sent):
        return _is_nothing(shown) or ("default" in schema and shown == schema["default"])
    if _is_nothing(shown):
        return False
    match sent, shown:
        case (bool(), _) | (_, bool()):
            return sent is shown
        case dict(), dict():
            return all(same(value, shown.get(name), _part(schema, name)) for name, value in sent.items())
        case list(), list():
            return _same_lists(sent, shown, schema.get("items", {}))
        case (int() | float(), str()) | (str(), int() | float()):
            return _takes_numbers(schema) and _number(sent) == _number(shown)
        case str(), str():
            return sent == shown or _same_moment(sent, shown, schema.get("format"))
    return bool(sent == shown)


def _is_nothing(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_is_nothing(part) for part in value.values())
    return value is None or value == "" or value == []


def _part(schema: Json, name: str) -> Json:
    """Schema of a field of an object that may be written as `oneOf` with null."""
    for option in (schema, *schema.get("oneOf", []), *schema.get("anyOf", [])):
        if name in option.get("properties", {}):
            found: Json = option["properties"][name]
            return found
    return {}


def _same_lists(sent: list[Any], shown: list[Any], schema: Json) -> bool:
    if len(sent) != len(shown):
        return False
    if any(isinstance(value, dict | list) for value in [*sent, *shown]):
        return all(same(left, right, schema) for left, right in zip(sent, shown, strict=True))
    return sorted(map(_plain, sent)) == sorted(map(_plain, shown))


def _plain(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _takes_numbers(schema: Json) -> bool:
    kinds = schema.get("type", [])
    return bool({"number", "integer"} & set([kinds] if isinstance(kinds, str) else kinds))


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _same_moment(sent: str, shown: str, form: str | None) -> bool:
    if form not in ("date", "date-time"):
        return False
    left, right = _moment(sent), _moment(shown)
    return left is not None and left == right


def _moment(text: str) -> datetime | None:
    """A date or date-time as a moment; a date is its midnight, and what names no offset is UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def without_overruled(payload: Json, refs: Json) -> Json:
    """The payload without fields that are empty there because a reference fills them."""
    return {name: v for name, v in payload.items() if v is not None or refs.get(name) is None}


def differing_references(
    sent: Json, shown: Json, visible: Container[str], fields: Container[str] = ()
) -> dict[str, Any]:
    """The references of `sent` that differ, with what the partner's record refers to: one id, several, or null.

    `sent` has our external ids; `shown` has lists of them, null for a record that is not ours, a list for one that
    serves several of our rows and so counts as the one that was sent. Order does not count. Those that are `fields`
    of the body too are compared there.
    """
    found: dict[str, Any] = {}
    for name, value in sent.items():
        if name in fields:
            continue
        wanted = value if isinstance(value, list) else [] if value is None else [value]
        targets = [_meant(target, wanted) for target in shown.get(name, [])]
        if name in visible and set(wanted) != set(targets):
            ours = sorted(target for target in targets if target is not None)
            is_one = not isinstance(value, list) and len(targets) <= 1
            found[name] = (ours[0] if ours else None) if is_one else ours
    return found


def _meant(target: Any, wanted: list[Any]) -> Any:
    """Of the ids of one record the one that was sent, else the first."""
    if not isinstance(target, list):
        return target
    return next((one for one in target if one in wanted), target[0] if target else None)


@dataclass(frozen=True)
class Permitted:
    """Fields to be sent, and names of those that the record's state does not allow and that differ there."""

    body: dict[str, Any]
    withheld: tuple[str, ...]


def permitted(allowed: Allowed, body: Json, record: Json, schema: Json, is_whole: bool) -> Permitted:
    """The part of a body that a state allows.

    Of a whole record in a state that allows some fields only, those go that differ from what the partner shows, so
    that nothing is set anew by accident.
    """
    if allowed.change is None:
        return Permitted(dict(body), ())
    differs = differing(body, record, schema, record.keys())
    unseen = set() if is_whole else body.keys() - record.keys()
    sent = {n: v for n, v in body.items() if n in allowed.change and (not is_whole or n in differs)}
    withheld = tuple(n for n in body if n not in allowed.change and (n in differs or n in unseen))
    return Permitted(sent, withheld)


def may_change(allowed: Allowed, field: str) -> bool:
    """Whether a state allows a field to be changed."""
    return allowed.change is None or field in allowed.change


def end_at_begin(entity: Entity, operation: Operation, record: Mapping[str, Any]) -> dict[str, Any]:
    """The end of a record that should be deleted and may not be: its first day. Empty where none can be told."""
    end, begin = entity.withdraw.end, entity.begin
    first = record.get(begin) if begin else None
    if operation.payload or not end or not isinstance(first, str):
        return dict(operation.payload)
    return {end: first}
