"""The SQL that finds rows which a partner would refuse, against a validator of OpenAPI: random rows of every entity."""

import json
import random
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from pipelines.api.protocols.nulls import of_new_record
from pipelines.contract.contract import built_in_partners, load_contract
from pipelines.contract.schema.refusals import Check, checks
from pipelines.sandbox.play.resources import refusals, validator

Json = dict[str, Any]
ROWS = 100
ENTITIES = [
    (partner, entity) for partner in built_in_partners() for entity in load_contract(partner).entities
]
TYPES = {"string": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN"}
TEXTS = (
    "a", "", "ä" * 5, "x" * 300, "Wärmepumpe", "2026-02-28", "2026-02-30", "28.02.2026", "2026-02-28T07:00:00Z",
    "2026-02-28T25:00:00Z", "2026-02-28T07:00:00+01:00", "a@example.org", "DE", "de", "+4930123456", "030 1", "12",
    "0f" * 16, "2b1cbb93-151c-46de-8000-000000000001", "owner",
)  # fmt: skip


def test_a_null_is_missing_only_where_it_is_required() -> None:
    schema: Json = {
        "type": "object",
        "required": ["name", "floor"],
        "properties": {
            "name": {"type": "string", "maxLength": 3},
            "floor": {"type": ["integer", "null"]},
            "kind": {"enum": ["flat", "shop", None]},
            "address": {
                "type": "object",
                "required": ["city"],
                "properties": {
                    "city": {"type": "string"},
                    "zip": {"type": ["string", "null"], "minLength": 5},
                },
            },
            "contacts": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["email"],
                    "properties": {"email": {"type": "string", "format": "email"}},
                },
            },
        },
    }
    rows = [
        ({"name": "abc", "floor": None, "kind": "flat"}, []),
        ({"name": None}, ["name required"]),
        ({"name": "äöüß", "kind": "barn"}, ["name maxLength", "kind enum"]),
        ({"name": "a", "address": {"city": None, "zip": None}}, ["address.city required"]),
        ({"name": "a", "address": {"city": "B", "zip": "1"}}, ["address.zip minLength"]),
        ({"name": "a", "contacts": [{"email": "a@b"}, {"email": "a"}]}, ["contacts[].email format"]),
        ({"name": "a", "contacts": [{"email": None}]}, ["contacts[].email required"]),
        ({"name": "a", "contacts": []}, []),
    ]
    found = checks(schema)
    for row, said in rows:
        whole = {**dict.fromkeys(schema["properties"]), **row}
        assert [f"{c.field} {c.part}" for c in found if _is_true(schema, whole, c.condition)] == said, row


def test_a_reason_names_what_is_allowed_and_the_value_is_the_one_that_is_wrong() -> None:
    schema = {
        "properties": {
            "kind": {"type": "string", "enum": ["flat", "shop"]},
            "zips": {"type": "array", "items": {"type": "string", "maxLength": 5}},
        }
    }
    row = {"kind": "barn", "zips": ["12345", "123456"]}
    said = [(c.says, _of(schema, row, c.value)) for c in checks(schema) if _is_true(schema, row, c.condition)]
    assert said == [("has to be one of: flat, shop", "barn"), ("at most 5 characters", "123456")]


def test_the_type_of_a_column_is_part_of_what_a_partner_takes() -> None:
    schema = {
        "properties": {
            "name": {"type": "string"},
            "area": {"type": ["number", "null"]},
            "floor": {"type": "integer"},
        }
    }
    with duckdb.connect() as db:
        db.execute("create table mart as select 7 as name, '12,5' as area, 1.5::decimal(9, 2) as floor")
        wrong = [c.field for c in checks(schema) if db.execute(f"from mart where {c.condition}").fetchall()]
        db.execute(
            "create or replace table mart as select 'x' as name, 12.5::decimal(9, 2) as area, 2.0::double as floor"
        )
        right = [c.field for c in checks(schema) if db.execute(f"from mart where {c.condition}").fetchall()]
    assert (wrong, right) == (["name", "area", "floor"], [])


@pytest.mark.parametrize(("partner", "name"), ENTITIES)
def test_sql_refuses_what_a_validator_refuses(partner: str, name: str) -> None:
    contract = load_contract(partner)
    entity = contract.entities[name]
    left_out = {look.field for look in entity.lookups} | set(entity.fixed) | set(entity.reference_columns)
    schema = contract.schema(name, "create")
    schema = {
        **schema,
        "required": [field for field in schema.get("required", ()) if field not in left_out],
        "properties": {field: part for field, part in schema["properties"].items() if field not in left_out},
    }
    if not schema["properties"]:
        assert checks(schema) == []
        return
    found, strict, chance = checks(schema), validator(schema), random.Random(f"{partner} {name}")
    # Of a choice between an object and null a validator names the object alone.
    choices = {field for field, part in schema["properties"].items() if "oneOf" in part}
    kept = 0
    rows = [_row(schema, chance) for _ in range(ROWS)]
    said = _said(schema, rows, found)
    for row, fields in zip(rows, said, strict=True):
        wanted = {_plain(v.field) for v in refusals(strict, of_new_record(row, schema))}
        assert {_chosen(field, choices) for field in fields} == {
            _chosen(field, choices) for field in wanted
        }, row
        kept += not wanted
    assert kept < ROWS or {check.part for check in found} <= {"type", "minProperties"}


def _said(schema: Json, rows: list[Json], found: list[Check]) -> list[set[str]]:
    """Of each row the fields that the checks refuse."""
    with duckdb.connect() as db:
        columns = ", ".join(f'"{name}" {_type(part)}' for name, part in schema["properties"].items())
        db.execute(f"create table mart ({columns})")
        shape = json.dumps({name: _shape(part) for name, part in schema["properties"].items()})
        db.execute(
            "insert into mart select unnest(one) from (select unnest(json_transform(?::json, ?)) as one)",
            [json.dumps(rows), f"[{shape}]"],
        )
        conditions = ", ".join(f"coalesce({check.condition}, false)" for check in found) or "false"
        flags = db.execute(f"select {conditions} from mart").fetchall()
    return [{_top(c.field) for c, flag in zip(found, line, strict=False) if flag} for line in flags]


def _is_true(schema: Json, row: Json, condition: str) -> bool:
    return _of(schema, row, f"coalesce({condition}, false)") is True


def _of(schema: Json, row: Json, expression: str) -> Any:
    with duckdb.connect() as db:
        shape = json.dumps({name: _shape(part) for name, part in schema["properties"].items()})
        db.execute("create table mart as select unnest(json_transform(?::json, ?))", [json.dumps(row), shape])
        return db.execute(f"select {expression} from mart").fetchone()[0]


def _plain(field: str) -> str:
    return _top(".".join(step for step in field.split(".") if not step.isdigit()))


def _chosen(field: str, choices: set[str]) -> str:
    first = field.split(".")[0]
    return first if first in choices else field


def _top(field: str) -> str:
    """Paths are compared without what a list is told by."""
    return field.replace("[]", "")


def _value(schema: Json) -> Json:
    """The schema without the choice of null."""
    for part in ("oneOf", "anyOf"):
        values: list[Json] = [option for option in schema.get(part, ()) if option.get("type") != "null"]
        if len(values) == 1:
            return values[0]
    return schema


def _kind(schema: Json) -> str:
    kinds = _value(schema).get("type", "string")
    return kinds if isinstance(kinds, str) else next(kind for kind in kinds if kind != "null")


def _shape(schema: Json) -> Any:
    schema, kind = _value(schema), _kind(schema)
    if kind == "object":
        return {name: _shape(part) for name, part in schema.get("properties", {}).items()} or "JSON"
    if kind == "array":
        return [_shape(schema.get("items", {}))]
    return TYPES[kind]


def _type(schema: Json) -> str:
    schema, kind = _value(schema), _kind(schema)
    if kind == "object":
        members = ", ".join(f'"{name}" {_type(part)}' for name, part in schema.get("properties", {}).items())
        return f"struct({members})" if members else "JSON"
    return f"{_type(schema.get('items', {}))}[]" if kind == "array" else TYPES[kind]


def _row(schema: Json, chance: random.Random) -> Json:
    often = chance.choice((0.02, 0.2))
    return {name: _any(part, chance, often) for name, part in schema["properties"].items()}


def _any(schema: Json, chance: random.Random, often: float) -> Any:
    """A value of the field's type: fitting for the most part, or null, or one that may not fit."""
    schema, kind = _value(schema), _kind(schema)
    if chance.random() < often:
        return None
    if kind == "object":
        members = schema.get("properties", {})
        return {name: _any(part, chance, often) for name, part in members.items()} if members else None
    if kind == "array":
        return [_any(schema.get("items", {}), chance, often) for _ in range(chance.randrange(3))]
    if chance.random() > often:
        return next(_fitting(schema, kind))
    if kind == "boolean":
        return chance.random() < 0.5
    if kind == "string":
        return chance.choice(TEXTS)
    number = chance.choice((0, 1, -1, 7, 1900, 2**31, 10**12))
    return number if kind == "integer" else number + chance.choice((0, 0.25, 0.5))


def _fitting(schema: Json, kind: str) -> Iterator[Any]:
    if "const" in schema:
        yield schema["const"]
    yield from (word for word in schema.get("enum", ()) if word is not None)
    strict = validator({**schema, "type": kind})
    numbers = (1, 2000, 0.5, schema.get("minimum", 0))
    choices = TEXTS if kind == "string" else (True,) if kind == "boolean" else numbers
    yield from (
        choice for choice in choices if strict.is_valid(choice) and (kind != "integer" or choice % 1 == 0)
    )
    yield None
