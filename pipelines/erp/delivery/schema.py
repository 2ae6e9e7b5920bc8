"""The canonical ERP tables and the profiles of the ERPs: the one list of what an ERP delivers.

Tables and their columns are read from `models/staging/_erp_raw.yml`, profiles from `profiles.yaml` here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from pipelines.settings import project_root
from pipelines.yaml_file import LOADER, read_yaml

PROFILES = Path(__file__).parent / "profiles.yaml"
# Below the folder of the dbt project.
TABLES_FILE = "models/staging/_erp_raw.yml"

# Rule C7: these key parts may be empty in every ERP, so the column may be absent, too.
OPTIONAL_KEY_PARTS: Mapping[str, frozenset[str]] = {"mieter": frozenset({"gueltig_von"})}


@dataclass(frozen=True)
class Profile:
    """What an ERP has and has not, as far as a delivery shows it (rules I3, C7)."""

    tables_absent: frozenset[str] = frozenset()
    parts_absent: frozenset[str] = frozenset()
    parts_optional: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Column:
    """One column: `kind` is its type as `macros/erp_columns.sql` knows it, `meaning` is Markdown."""

    name: str
    kind: str
    meaning: str
    is_personal: bool


@dataclass(frozen=True)
class Table:
    """One ERP table: its columns in canonical order, its natural key, and whether a delivery must have it."""

    name: str
    meaning: str
    described: tuple[Column, ...]
    key: tuple[str, ...]
    required: bool

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(column.name for column in self.described)

    @property
    def may_be_empty(self) -> frozenset[str]:
        """Key parts that may be empty whatever the ERP."""
        return OPTIONAL_KEY_PARTS.get(self.name, frozenset())

    def is_required(self, quelle_erp: str) -> bool:
        """Whether a delivery of this ERP must have the table."""
        return self.required and self.name not in profile(quelle_erp).tables_absent

    def required_columns(self, quelle_erp: str) -> tuple[str, ...]:
        """Key columns without which no row of the table could be used."""
        if self.name in profile(quelle_erp).tables_absent:
            return ()
        return tuple(
            column
            for column in self.key
            if column not in self.may_be_empty and quelle_erp not in erps_without(self, column)
        )


@cache
def tables() -> Mapping[str, Table]:
    """All canonical tables by name, in the order of the list."""
    path = project_root() / TABLES_FILE
    listed = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)["sources"][0]["tables"]  # noqa: S506
    return {
        entry["name"]: Table(
            name=entry["name"],
            meaning=entry["description"],
            described=tuple(_column(column) for column in entry["columns"]),
            key=tuple(entry["meta"]["key"]),
            required=bool(entry["meta"]["required"]),
        )
        for entry in listed
    }


def _column(entry: Mapping[str, Any]) -> Column:
    meta = entry.get("meta", {})
    return Column(
        name=entry["name"],
        kind=meta.get("typ", ""),
        meaning=entry.get("description", ""),
        is_personal=bool(meta.get("pii")),
    )


@cache
def profiles() -> Mapping[str, Profile]:
    """The profile of each ERP that is known, by the name that `quelle_erp` has for it."""
    parts = ("tables_absent", "parts_absent", "parts_optional")
    return {
        erp: Profile(**{part: frozenset(facts[part]) for part in parts}) for erp, facts in erp_facts().items()
    }


def erp_facts() -> Mapping[str, Mapping[str, Any]]:
    """All facts about each ERP, as the YAML file says them."""
    facts: Mapping[str, Mapping[str, Any]] = read_yaml(PROFILES)
    return facts


def profile(quelle_erp: str) -> Profile:
    """The profile of an ERP; one that is not known, or a mixture of several, has all tables and key parts."""
    return profiles().get(quelle_erp, Profile())


def erps_without(table: Table, column: str) -> tuple[str, ...]:
    """ERPs in which this part of the table's key may be empty; its own number, the last part, never may."""
    if column == table.key[-1]:
        return ()
    return tuple(
        erp for erp, facts in profiles().items() if column in facts.parts_absent | facts.parts_optional
    )
