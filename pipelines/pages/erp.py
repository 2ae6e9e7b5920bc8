"""The tables of the ERP in `docs/erp.md`, made of `_erp_raw.yml` and of what the models of staging add."""

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from pipelines.erp.delivery.schema import Column, Table, profiles, tables
from pipelines.errors import StammdatenError
from pipelines.pages.markdown import code, codes, paragraphs, sentence, table
from pipelines.settings import project_root
from pipelines.yaml_file import LOADER

HEAD = ("column", "type", "meaning")
PERSONAL = "¹"

# What a type of `macros/erp_columns.sql` is once it is read; the figures of dezimalzahl(n, m) stay.
KINDS = {
    "text": "text",
    "wort": "text",
    "land": "text",
    "jahr": "text",
    "datum": "date",
    "zeitstempel": "timestamp",
    "wahrheitswert": "boolean",
    "sperre": "boolean",
    "ganzzahl": "integer",
    "dezimalzahl": "decimal",
}
MADE_BY_BASE = "models/staging/base/_base_erp.yml"
MADE_BY_STAGING = "models/staging/_stg_erp.yml"


def erp_tables() -> list[str]:
    """The lines of all tables: first the columns that every table has, then each table with its others."""
    every = _in_every_table()
    lines = ["### Columns of every table", "", *table(HEAD, map(_row, every))]
    for one in tables().values():
        lines += ["", *_section(one, [column for column in one.described if column not in every])]
    return lines


def _in_every_table() -> list[Column]:
    first, *others = tables().values()
    return [column for column in first.described if all(column in other.described for other in others)]


def _section(one: Table, columns: Iterable[Column]) -> list[str]:
    made = table(HEAD, _made_rows(one.name))
    return [
        f"### {one.name}",
        "",
        *paragraphs(f"{_duty(one)} Key: {codes(one.key)}."),
        "",
        *paragraphs(sentence(one.meaning)),
        "",
        *table(HEAD, (_row(column, one.key) for column in columns)),
        *(["", "Staging adds:", "", *made] if made else []),
    ]


def _duty(one: Table) -> str:
    without = [erp for erp, profile in profiles().items() if one.name in profile.tables_absent]
    duty = "File required" if one.required else "File optional"
    return f"{duty}; {codes(without)} has none." if without else f"{duty}."


def _row(column: Column, key: tuple[str, ...] = ()) -> tuple[str, str, str]:
    name = f"**{code(column.name)}**" if column.name in key else code(column.name)
    return name, kind_of_column(column), _meaning(column.meaning, column.is_personal)


def kind_of_column(column: Column) -> str:
    """What the column is once it is read. Raises StammdatenError for a type that is not known."""
    word, bracket, figures = column.kind.partition("(")
    if word not in KINDS:
        raise StammdatenError(
            f"models/staging/_erp_raw.yml: {column.name}: unknown type {column.kind!r}; "
            f"write meta: {{typ: …}} with one of {', '.join(KINDS)}"
        )
    return KINDS[word] + (bracket + figures if word == "dezimalzahl" else "")


def _meaning(text: str, is_personal: bool) -> str:
    return f"{text} {PERSONAL}" if is_personal else text


def _made_rows(name: str) -> list[tuple[str, str, str]]:
    """Columns that the base model makes for the one of staging, and those that staging makes itself."""
    base = [column for column in _made(MADE_BY_BASE, f"base_erp__{name}") if column["name"][0] != "_"]
    staging = [column for column in _made(MADE_BY_STAGING, f"stg_erp__{name}") if "description" in column]
    return [
        (
            code(column["name"]),
            column["data_type"],
            _meaning(
                column["description"].removesuffix("."),
                bool(column.get("config", {}).get("meta", {}).get("pii")),
            ),
        )
        for column in [*base, *staging]
    ]


def _made(file: str, model: str) -> list[Mapping[str, Any]]:
    described = yaml.load((project_root() / file).read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506
    (found,) = [entry for entry in described["models"] if entry["name"] == model]
    return list(found.get("columns", []))
