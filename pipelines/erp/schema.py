"""The canonical ERP tables, read from `models/staging/_erp_raw.yml`: the one list of what an ERP delivers."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import yaml

from pipelines.settings import project_root

# Levels that an ERP does not have: no file and no column is asked of it (rule I3).
ABSENT_TABLES: Mapping[str, frozenset[str]] = {"uts_karthago": frozenset({"wirtschaftseinheit"})}
ABSENT_COLUMNS: Mapping[str, frozenset[str]] = {"uts_karthago": frozenset({"we_nr", "ve_we_nr"})}

# Rule C7: these key parts may be empty, so the column may be absent, too.
OPTIONAL_KEY_PARTS: Mapping[str, frozenset[str]] = {"mieter": frozenset({"gueltig_von"})}


@dataclass(frozen=True)
class Table:
    """One ERP table: its columns in canonical order, its natural key, and whether a delivery must have it."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    required: bool

    def is_required(self, quelle_erp: str) -> bool:
        """Whether a delivery of this ERP must have the table."""
        return self.required and self.name not in ABSENT_TABLES.get(quelle_erp, ())

    def required_columns(self, quelle_erp: str) -> tuple[str, ...]:
        """Key columns without which no row of the table could be used."""
        without = ABSENT_COLUMNS.get(quelle_erp, frozenset()) | OPTIONAL_KEY_PARTS.get(self.name, frozenset())
        return tuple(column for column in self.key if column not in without)


@cache
def tables() -> Mapping[str, Table]:
    """All canonical tables by name, in the order of the list."""
    path = project_root() / "models" / "staging" / "_erp_raw.yml"
    listed = yaml.safe_load(path.read_text(encoding="utf-8"))["sources"][0]["tables"]
    return {
        entry["name"]: Table(
            name=entry["name"],
            columns=tuple(column["name"] for column in entry["columns"]),
            key=tuple(entry["meta"]["key"]),
            required=bool(entry["meta"]["required"]),
        )
        for entry in listed
    }
