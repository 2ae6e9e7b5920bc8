"""The mapping file: what the ERP calls our tables and columns. One format for files and databases.

```yaml
tables:
  verwaltungseinheit:
    from: units               # file, sheet or view; without it the table's own name
    columns:                  # our column: their header
      ve_nr: Unit number
    values:                   # our column: their word: our word
      ve_art: {flat: Wohnung}
```

A database may also say `select:` (a statement instead of `from`) and `changed_at:` (its column with the time of the
last change).
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.erp.delivery.schema import tables
from pipelines.errors import SettingsError
from pipelines.settings import project_root
from pipelines.yaml_file import YamlError, read_yaml

FILE_KEYS = ("from", "columns", "values")
DATABASE_KEYS = (*FILE_KEYS, "select", "changed_at")


@dataclass(frozen=True)
class TableMapping:
    """One table as the ERP has it, spelled as in the mapping file.

    `columns` maps our column to the ERP's name, `values` our column to the ERP's words and ours for them.
    """

    source: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    select: str | None = None
    changed_at: str | None = None


def read_mapping(path: Path, keys: tuple[str, ...] = FILE_KEYS) -> dict[str, TableMapping]:
    """The mapped tables by our name, in the order of the file; `keys` are those that may stand in a table.

    Raises `SettingsError` naming file and entry for what is no YAML, an unknown table, key or column, a value that is
    no text, and a name of the ERP that stands for two columns of a table.
    """
    content = _parsed(path)
    if not isinstance(content, dict) or set(content) != {"tables"} or not isinstance(content["tables"], dict):
        raise SettingsError(
            f"{path.name}: one entry `tables:` is needed, with a map from our tables to theirs"
        )
    return {str(name): _table(path.name, str(name), entry, keys) for name, entry in content["tables"].items()}


def _parsed(path: Path) -> Any:
    try:
        return read_yaml(path)
    except OSError as problem:
        raise SettingsError(f"{path}: the mapping file cannot be read ({problem.strerror})") from None
    except YamlError as problem:
        line = f", line {problem.line}" if problem.line else ""
        raise SettingsError(f"{path.name}{line}: the mapping file {problem}; mend it") from None


def _table(where: str, name: str, entry: Any, keys: tuple[str, ...]) -> TableMapping:
    if name not in tables():
        raise SettingsError(f"{where}: tables.{name}: unknown table; there are {', '.join(tables())}")
    entry = {} if entry is None else entry
    if not isinstance(entry, dict):
        raise SettingsError(f"{where}: tables.{name}: a map with {', '.join(keys)} is needed")
    for key, value in entry.items():
        if key not in keys:
            raise SettingsError(f"{where}: tables.{name}.{key}: unknown entry; there are {', '.join(keys)}")
        if key not in ("columns", "values"):
            _check_text(f"{where}: tables.{name}.{key}", value)
    return TableMapping(
        source=entry.get("from"),
        columns=_columns(where, name, entry.get("columns")),
        values=_values(where, name, entry.get("values")),
        select=entry.get("select"),
        changed_at=entry.get("changed_at"),
    )


def _columns(where: str, name: str, columns: Any) -> dict[str, str]:
    columns = {} if columns is None else columns
    if not isinstance(columns, dict):
        raise SettingsError(f"{where}: tables.{name}.columns: a map from our columns to theirs is needed")
    seen: dict[str, str] = {}
    for ours, theirs in columns.items():
        place = f"{where}: tables.{name}.columns.{ours}"
        if ours not in tables()[name].columns:
            raise SettingsError(f"{place}: unknown column; there are {', '.join(tables()[name].columns)}")
        _check_text(place, theirs)
        former = seen.setdefault(theirs.strip().casefold(), ours)
        if former != ours:
            raise SettingsError(f"{place}: {theirs!r} is mapped to {former} already; name it once")
    return dict(columns)


def _values(where: str, name: str, values: Any) -> dict[str, dict[str, str]]:
    values = {} if values is None else values
    if not isinstance(values, dict):
        raise SettingsError(
            f"{where}: tables.{name}.values: a map from our columns to their words and ours is needed"
        )
    for column, words in values.items():
        place = f"{where}: tables.{name}.values.{column}"
        if column not in tables()[name].columns:
            raise SettingsError(f"{place}: unknown column; there are {', '.join(tables()[name].columns)}")
        if not isinstance(words, dict) or not words:
            raise SettingsError(f"{place}: a map from their words to ours is needed")
        _check_words(place, words, known_meanings().get(f"{name}.{column}"))
    return {column: dict(words) for column, words in values.items()}


def _check_words(place: str, words: Mapping[Any, Any], meanings: frozenset[str] | None) -> None:
    """Raises `SettingsError` for what is no text, comes twice, or is no word that staging knows there."""
    seen: dict[str, str] = {}
    for theirs, ours in words.items():
        _check_text(f"{place}: the word {theirs}", theirs)
        if not isinstance(ours, str):
            raise SettingsError(f"{place}.{theirs}: a text is needed; put it in quotes (empty: no value)")
        former = seen.setdefault("".join(theirs.split()).lower(), theirs)
        if former != theirs:
            raise SettingsError(f"{place}.{theirs}: the same word as {former} (case and blanks do not count)")
        if meanings is not None and ours and ours not in meanings:
            raise SettingsError(
                f"{place}.{theirs}: {ours!r} is no word of ours; there are {', '.join(sorted(meanings))}"
            )


@cache
def known_meanings() -> Mapping[str, frozenset[str]]:
    """What the words of a column (`kontaktweg.art`) may mean, by the seed `woerter` (rule C9)."""
    path = project_root() / "seeds" / "woerter.csv"
    found: dict[str, set[str]] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["spalte"], set()).add(row["bedeutung"])
    return {column: frozenset(meanings) for column, meanings in found.items()}


def _check_text(place: str, value: Any) -> None:
    if not isinstance(value, str) or not value.strip():
        raise SettingsError(f"{place}: a text is needed; put it in quotes")
