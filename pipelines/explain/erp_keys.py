"""ERP rows behind a key that a person types: an external id, or ERP numbers with any separator between them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from typing import Any

import duckdb

from pipelines.personal.records import SEPARATORS

VE = ("mandant_nr", "we_nr", "gebaeude_nr", "ve_nr")
LEVELS: dict[str, tuple[str, ...]] = {
    "mandant": VE[:1],
    "wirtschaftseinheit": VE[:2],
    "gebaeude": VE[:3],
    "verwaltungseinheit": VE,
    "mietvertrag": (*VE, "mv_nr"),
    "mieter": (*VE, "mv_nr", "person_nr"),
    "eigentuemervertrag": (*VE, "ev_nr"),
    "eigentuemer": (*VE, "ev_nr", "person_nr"),
    "person": ("person_nr",),
    "kontaktweg": ("person_nr", "lfd_nr"),
    "ordner": ("ordner_nr",),
    "dokument": ("dokument_nr",),
}
# The table of each level that a row hangs on, or whose rows decide about it.
ABOVE = (
    "mandant",
    "wirtschaftseinheit",
    "gebaeude",
    "verwaltungseinheit",
    "mietvertrag",
    "eigentuemervertrag",
)
AROUND = {
    "mietvertrag": ("mieter",),
    "eigentuemervertrag": ("eigentuemer",),
    "mieter": ("person", "kontaktweg"),
    "eigentuemer": ("person", "kontaktweg"),
    "person": ("kontaktweg", "mieter", "eigentuemer"),
}
# UTS KARTHAGO has no WE; in SAP and RELion a unit may do without a Gebäude.
MAY_LACK = ("we_nr", "gebaeude_nr")
MOST = 100
NEAR = 10

Numbers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ErpRow:
    """One key of an ERP table: its numbers by column, the lines of the file that have it, and the verdict on it.

    `rule` and `why` are those of the copy that stays when a key comes twice; None when it lives.
    """

    table: str
    numbers: Numbers
    lines: tuple[int, ...]
    rule: str | None
    why: str | None
    asked: bool = False

    @property
    def parts(self) -> tuple[str, ...]:
        """The numbers of the key, without a level that the ERP does not have."""
        return tuple(number for _, number in self.numbers)

    @property
    def key(self) -> str:
        """The key as `quality.findings` writes it."""
        return _joined(self.numbers)

    def ids(self, separator: str) -> tuple[str, ...]:
        """Ids that a partner with this separator would use for it (rules I2, I4); none for what is no record."""
        if self.table in ("mandant", "kontaktweg"):
            return ()
        return (separator.join(f"E{n}" if column == "ev_nr" else n for column, n in self.numbers),)


class ErpKeys:
    """Looks keys up in the delivery: as staging reads it, or, with `raw`, as it lies in the raw layer."""

    def __init__(self, db: duckdb.DuckDBPyConnection, separator: str, raw: bool):
        self._db, self._separator, self._raw = db, separator, raw

    def find(self, key: str) -> list[ErpRow]:
        """Rows whose key this is, whatever stands between its numbers.

        First every separator that occurs is tried as it is; only if that finds nothing, numbers may contain it.
        """
        splits = self._splits(key)
        for merge in (False, True):
            found = [
                row
                for table in LEVELS
                if table != "kontaktweg"
                for row in self._rows(table, {n for s in splits for n in _readings(table, *s, merge)})
            ]
            if found:
                return [replace(row, asked=True) for row in found]
        # Contact details at a partner: person and kind.
        persons = {(("person_nr", tokens[0]),) for _, tokens in splits if len(tokens) == 2}
        return [replace(row, asked=True) for row in self._rows("person", persons)]

    def around(self, rows: list[ErpRow]) -> list[ErpRow]:
        """The rows, what they hang on, and the persons and contracts that decide about them; the rows first."""
        found = {(row.table, row.key): row for row in rows}
        for row in rows:
            self._beside(row, found)
        for row in [row for row in found.values() if row.asked or row.table in ("mieter", "eigentuemer")]:
            self._beside(row, found)
        for row in list(found.values()):
            for table, numbers in _above(row):
                if (table, _joined(numbers)) not in found:
                    found |= {(r.table, r.key): r for r in self._rows(table, {numbers})}
        order = {table: place for place, table in enumerate(LEVELS)}
        return sorted(found.values(), key=lambda r: (not r.asked, order[r.table], r.key))[:MOST]

    def near(self, key: str) -> list[dict[str, str]]:
        """Rows with a similar key: leading zeros lost, another Mandant, or one number out of a key."""
        found: dict[tuple[str, str], dict[str, str]] = {}
        splits = self._splits(key)
        for table in LEVELS:
            if table == "kontaktweg":
                continue
            for numbers in {n for s in splits for n in _readings(table, *s, merge=False)}:
                self._note(found, "leading zeros", self._similar(table, numbers, strip=True))
                if len(numbers) > 1:
                    self._note(found, "another Mandant", self._similar(table, numbers[1:], strip=False))
        if len(splits[0][1]) == 1:
            for table in ("wirtschaftseinheit", "gebaeude", "verwaltungseinheit"):
                number = ((LEVELS[table][-1], key),)
                self._note(found, f"the number of a {table}", self._similar(table, number, strip=False))
        return list(found.values())[:NEAR]

    def _splits(self, key: str) -> list[tuple[str, list[str]]]:
        """The key cut at each separator that occurs in it, that of the partner first."""
        present = [s for s in dict.fromkeys((self._separator, *SEPARATORS)) if s in key]
        return [(s, key.split(s)) for s in present] or [("", [key])]

    def _beside(self, row: ErpRow, found: dict[tuple[str, str], ErpRow]) -> None:
        """Notes tenants of a lease, persons of a tenant, contracts of a person."""
        columns = dict(row.numbers)
        for table in AROUND.get(row.table, ()):
            names = LEVELS[row.table] if row.table.endswith("vertrag") else ("person_nr",)
            numbers = tuple((c, columns[c]) for c in names if c in columns)
            for new in self._rows(table, {numbers}):
                found.setdefault((new.table, new.key), new)

    def _note(self, found: dict[tuple[str, str], dict[str, str]], why: str, rows: list[ErpRow]) -> None:
        for row in rows:
            ids = row.ids(self._separator)
            line = {"table": row.table, "key": ids[0] if ids else row.key, "why": why}
            found.setdefault((row.table, row.key), line)

    def _rows(self, table: str, wanted: Iterable[Numbers]) -> list[ErpRow]:
        """Rows with exactly these numbers."""
        tests: list[str] = []
        values: list[str] = []
        for numbers in sorted(set(wanted)):
            tests.append(_all_of(table, numbers, "{} = ?"))
            values += [number for _, number in numbers]
        return self._read(table, " or ".join(f"({test})" for test in tests), values) if tests else []

    def _similar(self, table: str, numbers: Numbers, strip: bool) -> list[ErpRow]:
        form = "ltrim({}, '0') = ltrim(?, '0')" if strip else "{} = ?"
        return self._read(table, _all_of(table, numbers, form), [number for _, number in numbers], NEAR)

    def _read(self, table: str, where: str, values: list[str], most: int = MOST) -> list[ErpRow]:
        columns = LEVELS[table]
        select = f"select _zeile, _rule, _reason, {', '.join(columns)} from staging.base_erp__{table}"
        if self._raw:
            cleaned = ", ".join(f"nullif(trim({column}), '') as {column}" for column in columns)
            select = (
                f"select _zeile, null, null, {', '.join(columns)}"
                f" from (select _zeile, {cleaned} from erp_raw.{table})"
            )
        try:
            found = self._db.execute(f"{select} where {where} limit {most}", values).fetchall()
        except duckdb.CatalogException:  # nothing was loaded or built yet
            return []
        return _grouped(table, found)


def _all_of(table: str, numbers: Numbers, form: str) -> str:
    """The condition that all these numbers are there; a level that is not among several, the row has not (rule I3)."""
    columns = [column for column, _ in numbers]
    lacking = [c for c in LEVELS[table] if c in MAY_LACK and c not in columns and len(columns) > 1]
    return " and ".join([form.format(column) for column in columns] + [f"{c} is null" for c in lacking])


def _above(row: ErpRow) -> Iterator[tuple[str, Numbers]]:
    """The levels that a row hangs on, with their numbers."""
    columns = dict(row.numbers)
    for table in ABOVE:
        own = LEVELS[table][-1]
        names = [c for c in LEVELS[table] if c in columns or c == own or c not in MAY_LACK]
        if all(c in columns for c in names):
            yield table, tuple((c, columns[c]) for c in names)


def _joined(numbers: Numbers) -> str:
    return "/".join(number for _, number in numbers)


def _readings(table: str, joint: str, tokens: list[str], merge: bool) -> Iterator[Numbers]:
    """The ways to read tokens as the key of a table, also without a level that its ERP may lack (rule I3)."""
    own = LEVELS[table][-1]
    for columns in {tuple(c for c in LEVELS[table] if c == own or c != lack) for lack in (None, *MAY_LACK)}:
        for parts in _groups(joint, tokens, len(columns)) if merge else [tokens]:
            if len(parts) != len(columns) or not all(parts):
                continue
            numbers = tuple(zip(columns, parts, strict=True))
            yield numbers
            if dict(numbers).get("ev_nr", "").startswith("E"):
                yield tuple((c, n.removeprefix("E") if c == "ev_nr" else n) for c, n in numbers)


def _groups(joint: str, tokens: list[str], size: int) -> Iterator[list[str]]:
    """Ways to join neighbouring tokens again so that `size` parts are left: numbers that contain a separator."""
    for cuts in combinations(range(1, len(tokens)), size - 1):
        edges = [0, *cuts, len(tokens)]
        yield [joint.join(tokens[a:b]) for a, b in pairwise(edges)]


def _grouped(table: str, found: list[tuple[Any, ...]]) -> list[ErpRow]:
    """One row a key: all its lines, and the verdict on the copy that stays."""
    groups: dict[Numbers, list[tuple[int, str | None, str | None]]] = {}
    for line, rule, why, *numbers in found:
        key = tuple((c, n) for c, n in zip(LEVELS[table], numbers, strict=True) if n is not None)
        groups.setdefault(key, []).append((line, rule, why))
    rows = []
    for key, copies in groups.items():
        _, rule, why = min(copies, key=lambda copy: (copy[1] in ("C6", "C7"), copy[0]))
        rows.append(ErpRow(table, key, tuple(sorted(line for line, _, _ in copies)), rule, why))
    return rows
