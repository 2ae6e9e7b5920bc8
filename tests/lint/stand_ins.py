"""Our macros as sqlfluff sees them (`.sqlfluff`): a macro of SQL stands there as short SQL of its kind.

What a macro renders is no violation of the model that calls it, but parsing it took nearly all of the linter's time. A
stand-in names what its arguments name, so that an alias or a CTE which only a macro uses counts as used. Macros that
return a value are run as they are.
"""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml
from jinja2 import Environment, UndefinedError

PROJECT = Path(__file__).resolve().parents[2]
MACRO = re.compile(r"({%-?\s*macro\s+(\w+)\((.*?)\)\s*-?%}(.*?){%-?\s*endmacro\s*-?%})", re.DOTALL)
PARAMETER = re.compile(r"(\w+)(?:\s*=[^,]*)?")
NO_SQL = re.compile(r"{#.*?#}|{%.*?%}|--[^\n]*", re.DOTALL)
NAME = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?", re.IGNORECASE)
VARS = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
JINJA = Environment(extensions=["jinja2.ext.do"], autoescape=False)  # noqa: S701  # SQL, not HTML


class Returned(Exception):
    """What a macro returns."""


def dbt_return(value: object) -> None:
    """dbt's `return` of a macro."""
    raise Returned(value)


class Adapter:
    """Of dbt's adapter what our macros ask for: the macro of a package, here always our own."""

    @staticmethod
    def dispatch(name: str, package: str) -> Callable[..., Any]:
        """The macro that is there where no package brings another one."""
        found: Callable[..., Any] = MACROS[f"default__{name}"]
        return found


def as_it_is(name: str, source: str) -> Callable[..., Any]:
    """The macro itself; an empty mapping where it asks for what only dbt knows."""
    compiled = cache(lambda: getattr(JINJA.from_string(source).module, name))

    def call(*arguments: object, **named: object) -> Any:
        try:
            compiled()(*arguments, **named)
        except Returned as returned:
            return returned.args[0]
        except UndefinedError:
            pass
        return {}

    return call


def rendered(name: str, source: str) -> Callable[..., str]:
    """The SQL of a macro of `macros/engine`, as DuckDB gets it: short, and a model's own text stands in it."""
    compiled = cache(lambda: getattr(JINJA.from_string(source).module, name))
    return lambda *arguments, **named: str(compiled()(*arguments, **named)).strip()


def stand_in(parameters: list[str], body: str) -> Callable[..., str]:
    """Short SQL in place of a macro: an expression, a query or the tail of one, by what its body begins with."""
    words = NO_SQL.sub(" ", body).split()
    first = words[0] if words else ""
    aliases = {
        name for name in parameters if name == "table" or re.search(rf"\b{name}( }}}}\.| ~ '\.)", body)
    }

    def call(*arguments: object, **named: object) -> str:
        given = {**dict(zip(parameters, arguments, strict=False)), **named}
        names = {key: str(value) for key, value in given.items() if not isinstance(value, bool)}
        names = {key: name for key, name in names.items() if NAME.fullmatch(name)}
        if first not in ("select", "with", "union"):
            columns = [f"{name}.x" if key in aliases else name for key, name in names.items()]
            return f"f({', '.join(column for column in columns if '.' in column)})"
        # One table only, so that a condition behind the macro needs no table names.
        tables = list(dict.fromkeys(name.partition(".")[0] for name in names.values())) or ["x"]
        query = f"select {', '.join(f'(select x from {table})' for table in tables)}"
        query += f" from {tables[0]}" if "from" in words else ""
        return f"union all {query}" if first == "union" else query

    return call


MACROS = {
    name: rendered(name, source)
    if file.parent.name == "engine"
    else as_it_is(name, source)
    if "return(" in body
    else stand_in(PARAMETER.findall(parameters), body)
    for file in sorted((PROJECT / "macros").rglob("*.sql"))
    if file.parent.name != "contracts"
    for source, name, parameters, body in MACRO.findall(file.read_text(encoding="utf-8"))
}
DUCKDB = SimpleNamespace(type="duckdb")
JINJA.globals.update(MACROS, **{"return": dbt_return, "var": VARS.get, "adapter": Adapter, "target": DUCKDB})
