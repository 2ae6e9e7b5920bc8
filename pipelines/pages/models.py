"""What the dbt project says of a partner: marts with their columns, the exposure, settings of rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb
import yaml

from pipelines.contract.contract import models_folder
from pipelines.contract.profile import SEPARATOR, SEPARATORS, SHARED, Option, load_profile
from pipelines.yaml_file import LOADER


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
    """One partner's part of the dbt project; `remark` says what its own settings do."""

    marts: Mapping[str, Mart] = field(repr=False)
    about: str
    settings: tuple[Setting, ...]
    remark: str


def read_models(partner: str) -> Models:
    """The partner's marts, exposure and settings."""
    file = models_folder(partner) / f"_{partner}.yml"
    described = yaml.load(file.read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506
    marts = [_mart(model) for model in described["models"] if model["name"].startswith(f"{partner}__")]
    (about,) = [entry["description"] for entry in described["exposures"] if entry["name"] == partner]
    return Models(
        marts={mart.name.removeprefix(f"{partner}__"): mart for mart in marts},
        about=about,
        settings=_settings(partner),
        remark=load_profile(partner).note,
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
    profile = load_profile(partner)
    shipped = {"aktiv": profile.aktiv, "separator": SEPARATOR, "mandanten": "alle"}
    allowed = {
        "aktiv": "true, false",
        "separator": " ".join(SEPARATORS),
        "mandanten": "alle, or a list of Mandant numbers as text",
    }
    shared = [Setting(name, shipped[name], allowed[name]) for name in SHARED]
    own = [Setting(name, option.default, _allowed(option)) for name, option in profile.options.items()]
    return (*shared, *own)


def _allowed(option: Option) -> str:
    if isinstance(option.allowed, str):
        return option.allowed
    return ", ".join(str(value).lower() if isinstance(value, bool) else value for value in option.allowed)
