"""What differs between two contracts of a partner, and how many rows of the head the partner would refuse for it."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import duckdb

from pipelines.contract.contract import Contract, Purpose
from pipelines.contract.schema.refusals import refused
from pipelines.errors import BuildError
from pipelines.plan.mart_columns import MART_SCHEMA, mart_columns
from pipelines.reports.diff import ContractDiff

Json = dict[str, Any]
# Words for people.
IGNORED = (
    "description",
    "title",
    "note",
    "summary",
    "example",
    "examples",
    "x-source",
    "x-sources",
    "$comment",
)
NOTHING = "none"
# What is said of a field of a record that is changed, and not made.
CHANGED = "changed "


def differences(
    db: duckdb.DuckDBPyConnection, base: Contract | None, head: Contract, is_built: bool
) -> list[ContractDiff]:
    """Each part that differs, in the order of entities and names; `is_built`: whether marts of the head lie there."""
    if base is None:
        return []
    found = list(_lines(head.partner, None, _head(base), _head(head)))
    for name in dict.fromkeys([*head.entities, *base.entities]):
        before = _entity(base, name) if name in base.entities else {}
        now = _entity(head, name) if name in head.entities else {}
        if not before or not now:
            there, gone = ("is there", "is not there") if now else ("is not there", "is there")
            found.append(_line(head.partner, name, "entity", gone, there, None))
            continue
        lines = list(_lines(head.partner, name, before, now))
        said = {(line.part, line.old, line.new) for line in lines}
        for line in lines:
            alike = line.part.removeprefix(CHANGED)
            if alike != line.part and (alike, line.old, line.new) in said:
                continue
            rows = _refused(db, head, name, line.part) if is_built else None
            found.append(ContractDiff(**{**vars(line), "rows": rows}))
    return found


def _head(contract: Contract) -> Json:
    document = contract.document
    return _flat({"servers": document.get("servers", []), **document["x-partner"]})


def _entity(contract: Contract, name: str) -> Json:
    """All that is said of an entity: its keys, and of each field what may stand in it and whether it is required."""
    found = {}
    purposes: tuple[Purpose, ...] = ("create", "update")
    for purpose in purposes:
        schema = contract.schema(name, purpose)
        required = set(schema.get("required", ()))
        found[purpose] = {
            field: {**(given if isinstance(given, Mapping) else {}), "required": field in required}
            for field, given in schema.get("properties", {}).items()
        }
    entry = contract.document["x-entities"][name]
    return _flat({**entry, "fields": found["create"], f"{CHANGED}fields": found["update"]})


def _flat(given: Any, at: str = "") -> Json:
    """Dotted path → value of each leaf; a list is one."""
    if isinstance(given, Mapping) and given:
        return {
            path: value
            for key, part in given.items()
            if key not in IGNORED
            for path, value in _flat(part, f"{at}.{key}" if at else str(key)).items()
        }
    return {at: given}


def _lines(partner: str, entity: str | None, before: Json, now: Json) -> Iterable[ContractDiff]:
    for part in dict.fromkeys([*now, *before]):
        if before.get(part) == now.get(part):
            continue
        # Each field that is new or gone is one line, not one for each thing that is said of it.
        field = _field(part)
        prefix = f"{field}."
        if field and not any(p.startswith(prefix) for p in before):
            if part == f"{prefix}required":
                yield _line(partner, entity, field, NOTHING, _words(now.get(part)), None)
        elif field and not any(p.startswith(prefix) for p in now):
            if part == f"{prefix}required":
                yield _line(partner, entity, field, "is there", NOTHING, None)
        else:
            yield _line(partner, entity, part, _text(before, part), _text(now, part), None)


def _words(required: object) -> str:
    return "is there, required" if required else "is there"


def _field(part: str) -> str | None:
    """`fields.name` of `fields.name.maxLength`."""
    steps = part.split(".")
    return ".".join(steps[:2]) if len(steps) > 2 and steps[0].removeprefix(CHANGED) == "fields" else None


def _text(found: Json, part: str) -> str:
    return json.dumps(found[part], ensure_ascii=False, default=str) if part in found else NOTHING


def _line(partner: str, entity: str | None, part: str, old: str, new: str, rows: int | None) -> ContractDiff:
    return ContractDiff(partner=partner, entity=entity, part=part, old=old, new=new, rows=rows)


def _refused(db: duckdb.DuckDBPyConnection, head: Contract, name: str, part: str) -> int | None:
    """Rows of the mart that the partner would refuse for what is said of a field now; None where it cannot be told."""
    steps = part.split(".")
    if steps[0] != "fields" or len(steps) < 2:
        return None
    said = steps[-1] if len(steps) > 2 else "required"
    field = ".".join(step for step in steps[1 : max(len(steps) - 1, 2)] if step != "properties")
    try:
        columns = mart_columns(db, head, head.entities[name])
        found = [
            check
            for check in head.checks(name)
            if check.field == field and check.part == said and check.concerns(columns)
        ]
        if not found:
            # Where null is a value nothing is missing.
            return (
                0 if said == "required" and field in head.schema(name, "create").get("required", ()) else None
            )
        mart = f'{MART_SCHEMA}."{head.partner}__{name}"'
        row = db.execute(f"select count(*) from {mart} where {refused(found)}").fetchone()
    except (BuildError, duckdb.Error):
        return None
    return int(row[0]) if row else None
