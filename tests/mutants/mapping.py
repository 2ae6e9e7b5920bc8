"""Mutants of one model: a field of it dropped, renamed, made of another source, or of another type."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from duckdb.sqltypes import DuckDBPyType

from tests.mutants.sql import Column, Select, is_null, member, same

Type = DuckDBPyType
Path = tuple[str, ...]
Change = Callable[[str, Type], str]
AreOne = Callable[[Select, tuple[str, ...], str], bool]


@dataclass(frozen=True)
class Mutant:
    """One change of one model; `sql` is the changed SELECT, `equivalent` says why nobody can see the change."""

    model: str
    kind: str
    change: str
    sql: str
    equivalent: str = ""

    @property
    def name(self) -> str:
        return f"{self.model}: {self.kind} {self.change}"


def mutants(model: str, select: Select, are_one: AreOne) -> Iterator[Mutant]:
    """All mutants of a mart. Its own id is no mapped field; its references to parents are."""
    mapped = [column for column in select.columns if column.name != "external_id"]
    for column in mapped:
        for path, kind in _places(column.type):
            field = ".".join([column.name, *path])
            nothing = "" if not is_null(_member(select, column, path)) else "it is NULL in each row"
            for name, change in (("drop", _dropped), ("mistype", _mistyped(select, column, path))):
                yield Mutant(model, name, field, _replaced(select, column, path, change), nothing)
            yield from _renamed_within(model, select, column, path, kind)
    yield from _renamed(model, select, mapped)
    for column in mapped:
        yield from swaps(model, select, column.name, are_one)


def swaps(model: str, select: Select, column: str, are_one: AreOne) -> Iterator[Mutant]:
    """One column made of the neighbours of its sources, one source at a time.

    `are_one` says of a relation whether two of its columns hold the same in each row.
    """
    for names in select.sources(column):
        other = select.neighbour(names)
        if other is not None:
            change = f"{column}, made of {other} in place of {'.'.join(names)}"
            nothing = "both are the same column" if are_one(select, names, other) else ""
            yield Mutant(model, "swap", change, select.swapped(column, names, other), nothing)


def _places(kind: Type, path: Path = ()) -> Iterator[tuple[Path, Type]]:
    """A field and all fields nested in it, in lists too."""
    yield path, kind
    for name, child in _fields(kind):
        yield from _places(child, (*path, name))


def _fields(kind: Type) -> list[tuple[str, Type]]:
    if kind.id == "list":
        return _fields(kind.children[0][1])
    return list(kind.children) if kind.id == "struct" else []


def _renamed(model: str, select: Select, mapped: list[Column]) -> Iterator[Mutant]:
    """References change names among themselves, since the marts name them, not the partner."""
    for are_references in (False, True):
        group = [c for c in mapped if ("_external_id" in c.name) is are_references]
        for one, other in _pairs([(c.name, c.type) for c in group]):
            expressions = select.expressions.get(one), select.expressions.get(other)
            yield Mutant(
                model,
                "rename",
                f"{one} and {other}",
                f'select * replace ("{other}" as "{one}", "{one}" as "{other}") from (\n{select.sql}\n)',
                _no_difference(*expressions),
            )


def _renamed_within(model: str, select: Select, column: Column, path: Path, kind: Type) -> Iterator[Mutant]:
    for one, other in _pairs(_fields(kind)):
        yield Mutant(
            model,
            "rename",
            " and ".join(".".join([column.name, *path, name]) for name in (one, other)),
            _replaced(select, column, path, _exchanged(one, other)),
            _no_difference(*(_member(select, column, (*path, name)) for name in (one, other))),
        )


def _member(select: Select, column: Column, path: Path) -> Any:
    """What a field is made of, where the model writes it out; None where it does not."""
    expression = select.expressions.get(column.name)
    return member(expression, path) if expression else None


def _no_difference(one: Any, other: Any) -> str:
    return "both are the same expression" if one and other and same(one, other) else ""


def _pairs(fields: list[tuple[str, Type]]) -> Iterator[tuple[str, str]]:
    """Each field with the next one of its type, the last with the first."""
    by_type: dict[str, list[str]] = {}
    for name, kind in fields:
        by_type.setdefault(str(kind), []).append(name)
    for names in by_type.values():
        yield from pairwise([*names, names[0]] if len(names) > 2 else names)


def _replaced(select: Select, column: Column, path: Path, change: Change) -> str:
    changed = _changed(f'"{column.name}"', column.type, path, change)
    return f'select * replace ({changed} as "{column.name}") from (\n{select.sql}\n)'


def _changed(value: str, kind: Type, path: Path, change: Change) -> str:
    """The value with the change at a nested place; where there is no value there is none to change."""
    if not path:
        return change(value, kind)
    if kind.id == "list":
        each = f"e{len(path)}"
        return f"list_transform({value}, lambda {each}: {_changed(each, kind.children[0][1], path, change)})"
    members = {name: f'({value})."{name}"' for name, _ in kind.children}
    types = dict(kind.children)
    members[path[0]] = _changed(members[path[0]], types[path[0]], path[1:], change)
    return f"case when {value} is not null then {_packed(members)} end"


def _exchanged(one: str, other: str) -> Change:
    def exchange(value: str, kind: Type) -> str:
        if kind.id == "list":
            return f"list_transform({value}, lambda e: {exchange('e', kind.children[0][1])})"
        members = {name: f'({value})."{name}"' for name, _ in kind.children}
        members[one], members[other] = members[other], members[one]
        return f"case when {value} is not null then {_packed(members)} end"

    return exchange


def _packed(members: dict[str, str]) -> str:
    packed = ", ".join(f'"{name}" := {value}' for name, value in members.items())
    return f"struct_pack({packed})"


def _dropped(value: str, kind: Type) -> str:
    return f"cast(null as {kind})"


def _mistyped(select: Select, column: Column, path: Path) -> Change:
    """A text as a number where every text is one, else as a list; a day as Germans write it; all else as text."""

    def mistype(value: str, kind: Type) -> str:
        match kind.id:
            case "varchar" if _all_numbers(select, column, path):
                return f"cast({value} as bigint)"
            case "varchar":
                return f"case when {value} is not null then [{value}] end"
            case "list":
                return f"({value})[1]"
            case "struct":
                return f"cast(to_json({value}) as varchar)"
            case "date" | "timestamp" | "timestamp with time zone":
                return f"strftime({value}, '%d.%m.%Y')"
        return f"cast({value} as varchar)"

    return mistype


def _all_numbers(select: Select, column: Column, path: Path) -> bool:
    """Whether every text at a place outside of lists could be read as a whole number."""
    if "[]" in str(column.type):
        return False
    value = "".join(["(" * len(path), f'"{column.name}"', *(f')."{name}"' for name in path)])
    query = (
        f"select bool_and({value} is null or try_cast({value} as bigint) is not null) from (\n{select.sql}\n)"
    )
    return bool(select.database.execute(query).fetchall()[0][0])
