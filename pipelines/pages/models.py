"""What the dbt project says of a partner: marts with their columns, the exposure, settings of rows."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

import duckdb
import yaml
from jinja2 import Environment

from pipelines.contract.contract import LOADER
from pipelines.settings import project_root

ROWS = ("aktiv", "separator", "mandanten")


@dataclass(frozen=True)
class Mart:
    """One mart; `columns` are its columns' descriptions in their order, `members` the nested fields it has."""

    name: str
    description: str
    columns: Mapping[str, str]
    members: frozenset[str]
    never_sent: tuple[str, ...] = ()
    not_in_erp: tuple[str, ...] = ()


@dataclass(frozen=True)
class Setting:
    """One setting of a partner's rows as it is shipped; `allowed` is empty where the check is a rule of its own."""

    name: str
    shipped: Any
    allowed: str


@dataclass(frozen=True)
class Models:
    """One partner's part of the dbt project; `remark` is the comment above its settings."""

    marts: Mapping[str, Mart] = field(repr=False)
    about: str
    settings: tuple[Setting, ...]
    remark: str


def read_models(partner: str) -> Models:
    """The partner's marts, exposure and settings."""
    file = project_root() / "models" / "partners" / partner / f"_{partner}.yml"
    described = yaml.load(file.read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506
    marts = [_mart(model) for model in described["models"] if model["name"].startswith(f"{partner}__")]
    (about,) = [entry["description"] for entry in described["exposures"] if entry["name"] == partner]
    return Models(
        marts={mart.name.removeprefix(f"{partner}__"): mart for mart in marts},
        about=about,
        settings=_settings(partner),
        remark=_remark(partner),
    )


def _mart(model: Mapping[str, Any]) -> Mart:
    meta, columns = model.get("config", {}).get("meta", {}), model.get("columns", [])
    nested = (_members(column.get("data_type", ""), column["name"]) for column in columns)
    return Mart(
        name=model["name"],
        description=model["description"],
        columns={column["name"]: column["description"] for column in columns},
        members=frozenset(path for paths in nested for path in paths),
        never_sent=tuple(meta.get("never_sent", [])),
        not_in_erp=tuple(meta.get("not_in_erp", [])),
    )


def _members(data_type: str, path: str) -> Iterator[str]:
    """Dotted paths of the fields nested in a column."""
    return _nested(duckdb.sqltype(data_type), path) if data_type else iter(())


def _nested(kind: Any, path: str) -> Iterator[str]:
    if kind.id == "list":
        yield from _nested(kind.children[0][1], f"{path}[]")
    elif kind.id == "struct":
        for name, child in kind.children:
            yield f"{path}.{name}"
            yield from _nested(child, f"{path}.{name}")


def _settings(partner: str) -> tuple[Setting, ...]:
    project = yaml.load(_project_file(), Loader=LOADER)  # noqa: S506
    shipped = project["vars"]["partners"][partner]
    allowed = {
        "aktiv": "true, false",
        "separator": " ".join(_macro("partner_separatoren")),
        "mandanten": "alle, or a list of Mandant numbers as text",
    }
    options = _macro("partner_options", partner)
    allowed |= {name: _allowed(option["allowed"]) for name, option in options.items()}
    defaults = {name: option["default"] for name, option in options.items()}
    names = [*ROWS, *options]
    return tuple(Setting(name, shipped.get(name, defaults.get(name)), allowed[name]) for name in names)


def _allowed(given: object) -> str:
    if isinstance(given, list):
        return ", ".join(str(value).lower() if isinstance(value, bool) else str(value) for value in given)
    return str(given)


def _remark(partner: str) -> str:
    """The comment lines straight above the partner's settings."""
    found: list[str] = []
    for line in _project_file().splitlines():
        if re.match(rf" {{4}}{partner}:", line):
            return " ".join(found)
        comment = re.match(r" {4}# (.*)", line)
        found = [*found, comment[1]] if comment else []
    return ""


@cache
def _project_file() -> str:
    return (project_root() / "dbt_project.yml").read_text(encoding="utf-8")


class _Returned(Exception):
    pass


def _macro(name: str, *arguments: str) -> Any:
    """What a macro of the project returns that calls no other."""
    text = (project_root() / "macros" / f"{name}.sql").read_text(encoding="utf-8")
    # The macros are ours and make values, not HTML.
    template = Environment(extensions=["jinja2.ext.do"], autoescape=False).from_string(text)  # noqa: S701
    values: list[Any] = []

    def give_back(value: Any) -> None:
        values.append(value)
        raise _Returned

    module = template.make_module({"return": give_back})
    try:
        cast(Any, getattr(module, name))(*arguments)
    except _Returned:
        return values[0]
    raise ValueError(f"macros/{name}.sql: the macro returns nothing.")
