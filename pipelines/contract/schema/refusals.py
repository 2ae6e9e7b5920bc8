"""The rows of a mart that a partner would refuse, as SQL made from the schema of its bodies: the same for dbt's tests,
for findings (V3) and for `stammdaten diff`.

A condition is about the body of a new record, from which what is null goes unless it is required
(`api/protocols/nulls.py`): so an optional field may always be null, and an optional object of which nothing is known is
not there.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import duckdb

from pipelines.contract.model import VALUES, Json

# How many words of an enumeration a reason names.
NAMED = 12
INT32 = (-(2**31), 2**31 - 1)
# How JSON and DuckDB call what stands for each type of a schema.
JSON_KINDS = {
    "string": ("VARCHAR",),
    "integer": ("BIGINT", "UBIGINT", "HUGEINT", "DOUBLE"),
    "number": ("BIGINT", "UBIGINT", "HUGEINT", "DOUBLE"),
    "boolean": ("BOOLEAN",),
    "object": ("OBJECT",),
    "array": ("ARRAY",),
}
NUMBER = "similar to '.*(INT|INTEGER|DECIMAL.*|FLOAT|DOUBLE|JSON)'"
SQL_KINDS = {
    "string": "in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')",
    "integer": NUMBER,
    "number": NUMBER,
    "boolean": "in ('BOOLEAN', 'JSON')",
    "object": "similar to '(STRUCT|MAP|JSON).*'",
    "array": "similar to '.*([]]|JSON)'",
}
DATE = r"^\d{4}-\d\d-\d\d$"
MOMENT = r"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$"


@dataclass(frozen=True)
class Check:
    """One part of a schema as a condition on a row: true where the partner would refuse it.

    `field`: dotted path at the partner, `[]` behind a list; `columns`: those of the mart that have to be there for it,
    and `unless` one that must not; `says`: what the partner wants, and how well that is known; `value`: SQL of what
    stands there, as text.
    """

    field: str
    part: str
    says: str
    columns: tuple[str, ...]
    condition: str
    value: str
    unless: str = ""

    def concerns(self, columns: Collection[str]) -> bool:
        """Whether a mart with these columns is asked."""
        return set(self.columns) <= set(columns) and self.unless not in columns


@dataclass(frozen=True)
class _Place:
    """SQL of one value: as JSON, as text (NULL for what is no scalar), and whether it is there at all.

    `column`: its name where it is one, and no part of one; `depth`: in how many lists it lies.
    """

    json: str
    text: str
    there: str
    column: str = ""
    depth: int = 0

    def member(self, name: str) -> "_Place":
        path = _sql('$."' + name.replace('"', '\\"') + '"')
        text = f"json_extract_string({self.json}, {path})"
        return _Place(f"json_extract({self.json}, {path})", text, f"{text} is not null", depth=self.depth)


def checks(
    schema: Json,
    own_id: str | None = None,
    references: Mapping[str, Sequence[str]] | None = None,
    left_out: frozenset[str] = frozenset(),
) -> list[Check]:
    """Every condition under which a row of the mart would be refused by the schema of a body.

    `own_id`: the field that takes `external_id`; `references`: field → columns that fill it, one of them is enough;
    `left_out`: fields that no column fills. A field of `references` is asked for only: what stands there is the
    partner's.
    """
    required, found = frozenset(schema.get("required", ())), []
    for name, columns in (references or {}).items():
        if name in required:
            missing = " and ".join(f"{_quoted(column)} is null" for column in columns)
            missing_too = f"{missing} and {_quoted(name)} is null"
            asked = [(tuple(columns), missing, name), ((*columns, name), missing_too, "")]
            for needed, condition, unless in asked:
                check = _check(name, "required", True, condition, "null", {})
                found.append(replace(check, columns=needed, unless=unless))
    for name, part in schema.get("properties", {}).items():
        if name in left_out or name in (references or {}):
            continue
        column = "external_id" if name == own_id else name
        quoted = _quoted(column)
        place = _Place(
            f"to_json({quoted})", f"cast({quoted} as varchar)", f"{quoted} is not null", column=quoted
        )
        inner = place if name in required else _known(place, part)
        found += [
            replace(check, columns=(column,)) for check in _of_value(part, inner, name, name in required)
        ]
    return found


def refused(found: list[Check]) -> str:
    """Condition: at least one of the checks refuses the row; `false` for none."""
    return " or ".join(f"({check.condition})" for check in found) or "false"


def _of_value(schema: Json, place: _Place, path: str, is_required: bool) -> Iterator[Check]:
    """The conditions on one value, and on what is in it."""
    schema, takes_null = _without_null(schema)
    if is_required and not takes_null:
        yield _check(path, "required", True, f"not ({place.there})", "null", schema)
    for part, given in schema.items():
        rule = RULES.get(part)
        if rule is None:
            continue
        condition = rule(place, given, schema)
        if condition:
            yield _check(path, part, given, condition, place.text, schema)
    for part in ("anyOf", "oneOf"):
        options = [_option(option, schema, place) for option in schema.get(part, ())]
        if options and all(options):
            condition = " and ".join(f"({option})" for option in options)
            yield _check(path, part, schema[part], f"{place.there} and {condition}", "null", schema)
    required = frozenset(schema.get("required", ()))
    for name, part in schema.get("properties", {}).items():
        member = place.member(name)
        inner = member if name in required else _known(member, part)
        for check in _of_value(part, inner, f"{path}.{name}", name in required):
            # Of an object that is not there nothing is missing; all else needs a value, and so the object.
            is_missing = check.part == "required" and check.field == f"{path}.{name}"
            yield replace(check, condition=f"{place.there} and {check.condition}") if is_missing else check
    items: Json | None = schema.get("items")
    if items is not None:
        yield from _of_items(items, place, f"{path}[]")


def _of_items(schema: Json, place: _Place, path: str) -> Iterator[Check]:
    """The conditions on the entries of a list: true where one of them is refused."""
    one = f"i{place.depth}"
    entry = _Place(
        one, f"json_extract_string({one}, '$')", f"json_type({one}) <> 'NULL'", depth=place.depth + 1
    )
    listed = f"json_extract({place.json}, '$[*]')"
    for check in _of_value(schema, entry, path, is_required=True):
        wrong = f"list_filter({listed}, lambda {one}: {check.condition})"
        value = (
            "null" if check.value == "null" else f"list_transform({wrong}, lambda {one}: {check.value})[1]"
        )
        yield replace(check, condition=f"len({wrong}) > 0", value=value)


def _known(place: _Place, schema: Json) -> _Place:
    """The place, there only where something of it is known."""
    return replace(place, there=_there(_without_null(schema)[0], place))


def _there(schema: Json, place: _Place) -> str:
    properties = schema.get("properties")
    # A required member stays as null, and the object with it.
    if not properties or schema.get("required"):
        return place.there
    parts = [_known(place.member(name), part).there for name, part in properties.items()]
    return f"({place.there} and ({' or '.join(parts)}))"


def _without_null(schema: Json) -> tuple[Json, bool]:
    """The schema of a value that is there, and whether null is as good."""
    for part in ("oneOf", "anyOf"):
        options = schema.get(part, ())
        values = [option for option in options if option.get("type") != "null"]
        if len(values) < len(options) and len(values) == 1:
            rest = {key: given for key, given in schema.items() if key != part}
            return {**_without_null(values[0])[0], **rest}, True
    kinds = schema.get("type")
    # What has no type may be anything.
    takes_null = kinds is None or "null" in ([kinds] if isinstance(kinds, str) else kinds)
    takes_null = takes_null and None in schema.get("enum", (None,)) and schema.get("const") is None
    if isinstance(kinds, list):
        named = [kind for kind in kinds if kind != "null"]
        schema = {**schema, "type": named[0] if len(named) == 1 else named}
    return schema, takes_null


def _option(option: Json, above: Json, place: _Place) -> str:
    """Condition: one option of several refuses the value; empty where it takes any."""
    members = above.get("properties", {})
    # What an option alone requires goes from the body like any null.
    absent = [
        f"not {_known(place.member(name), members.get(name, {})).there}"
        for name in option.get("required", ())
    ]
    rest = {key: given for key, given in option.items() if key != "required"}
    inside = [f"({check.condition})" for check in _of_value(rest, place, "", is_required=False)]
    return " or ".join([*absent, *inside])


# Each condition is NULL, and so none, where there is no value.
def _type(place: _Place, given: Any, schema: Json) -> str:
    kinds = [given] if isinstance(given, str) else list(given)
    if place.column and kinds != ["integer"]:
        # The type of a column is known before the first row is read, unless it is JSON.
        wrong = " and ".join(f"typeof({place.column}) not {SQL_KINDS[name]}" for name in kinds)
        return f"{place.column} is not null and {wrong}"
    json = ["NULL", *sorted({kind for name in kinds for kind in JSON_KINDS[name]})]
    found = f"json_type({place.json}) not in ({', '.join(map(_sql, json))})"
    return f"({found} or try_cast({place.text} as double) % 1 <> 0)" if kinds == ["integer"] else found


def _enum(place: _Place, given: Any, schema: Json) -> str:
    words = [_word(one) for one in given if one is not None]
    if all(isinstance(one, int | float) and not isinstance(one, bool) for one in given if one is not None):
        return f"try_cast({place.text} as double) not in ({', '.join(words)})" if words else ""
    return f"{place.text} not in ({', '.join(map(_sql, words))})" if words else ""


def _const(place: _Place, given: Any, schema: Json) -> str:
    return _enum(place, [given], schema)


def _pattern(place: _Place, given: Any, schema: Json) -> str:
    # Where SQL cannot read it, only the partner can tell.
    return f"not regexp_matches({place.text}, {_sql(given)})" if _is_readable(given) else ""


def _format(place: _Place, given: Any, schema: Json) -> str:
    text = place.text
    day, clock = f"try_cast(left({text}, 10) as date)", f"try_cast(substr({text}, 12, 8) as time)"
    wrong = {
        "date": f"not regexp_matches({text}, {_sql(DATE)}) or {day} is null",
        "date-time": f"not regexp_matches({text}, {_sql(MOMENT)}) or {day} is null or {clock} is null",
        "email": f"not contains({text}, '@')",
        "idn-email": f"not contains({text}, '@')",
        "uuid": f"try_cast({text} as uuid) is null",
        "int32": f"try_cast({text} as double) not between {INT32[0]} and {INT32[1]}",
    }.get(given)
    return f"{text} is not null and ({wrong})" if wrong else ""


def _number(condition: str) -> Callable[[_Place, Any, Json], str]:
    return lambda place, given, schema: f"try_cast({place.text} as double) {condition} {float(given)!r}"


def _length(condition: str) -> Callable[[_Place, Any, Json], str]:
    return lambda place, given, schema: f"length({place.text}) {condition} {int(given)}"


def _entries(condition: str) -> Callable[[_Place, Any, Json], str]:
    return lambda place, given, schema: f"json_array_length({place.json}) {condition} {int(given)}"


def _members(condition: str) -> Callable[[_Place, Any, Json], str]:
    def of(place: _Place, given: Any, schema: Json) -> str:
        parts = [
            f"({_known(place.member(name), part).there})::integer"
            for name, part in schema.get("properties", {}).items()
        ]
        return f"{place.there} and {' + '.join(parts)} {condition} {int(given)}" if parts else ""

    return of


RULES: Mapping[str, Callable[[_Place, Any, Json], str]] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "maxLength": _length(">"),
    "minLength": _length("<"),
    "pattern": _pattern,
    "format": _format,
    "minimum": _number("<"),
    "maximum": _number(">"),
    "exclusiveMinimum": _number("<="),
    "exclusiveMaximum": _number(">="),
    "multipleOf": lambda place, given, schema: (
        f"abs(try_cast({place.text} as double) / {float(given)!r}"
        f" - round(try_cast({place.text} as double) / {float(given)!r})) > 1e-9"
    ),
    "minItems": _entries("<"),
    "maxItems": _entries(">"),
    "minProperties": _members("<"),
    "maxProperties": _members(">"),
}
SAYS: Mapping[str, str] = {
    "required": "is required",
    "type": "has to be: {given}",
    "enum": "has to be one of: {given}",
    "const": "has to be: {given}",
    "maxLength": "at most {given} characters",
    "minLength": "at least {given} characters",
    "pattern": "has to have the form {given}",
    "format": "has to be written as {given}",
    "minimum": "at least {given}",
    "maximum": "at most {given}",
    "exclusiveMinimum": "more than {given}",
    "exclusiveMaximum": "less than {given}",
    "multipleOf": "a multiple of {given}",
    "minItems": "at least {given} entries",
    "maxItems": "at most {given} entries",
    "minProperties": "at least {given} of its fields",
    "maxProperties": "at most {given} of its fields",
    "anyOf": "fits none of its forms",
    "oneOf": "fits none of its forms",
}


def _check(path: str, part: str, given: Any, condition: str, value: str, schema: Json) -> Check:
    level = schema.get("x-confidence", "")
    if part not in ("required", "type"):
        level = schema.get(VALUES, level)
    says = SAYS[part].format(given=_shown(given)) + (f" ({level})" if level else "")
    return Check(path, part, says, (), condition, value)


def _shown(given: Any) -> str:
    if isinstance(given, list | tuple):
        words = [_word(one) for one in given if one is not None]
        more = f" and {len(words) - NAMED} more" if len(words) > NAMED else ""
        return ", ".join(words[:NAMED]) + more
    return _word(given)


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@cache
def _is_readable(pattern: str) -> bool:
    """Whether DuckDB reads the pattern, which knows neither look-ahead nor back references."""
    try:
        with duckdb.connect() as db:
            db.execute("select regexp_matches('', ?)", [pattern])
    except duckdb.Error:
        return False
    return True


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _sql(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
