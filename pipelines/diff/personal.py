"""No value of a person leaves a comparison: what the marts of either state call personal is shown as its shape.

So is a value that stands in a personal column of the ERP, wherever a mapping has put it: the wrong column of the right
type is what a comparison is there to show. And so is a new text that hardly any record has (`rare`): what is made of
parts of personal columns stands in none of them.
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import duckdb

from pipelines.erp.delivery.schema import tables
from pipelines.personal.fields import masked

Json = dict[str, Any]
# Of an address all or nothing: a house has it, too, and then it is nobody's.
OF_HOUSES = ("strasse", "plz", "ort")
# What says nothing of who it is.
HARMLESS = ("anrede", "titel", "geschlecht", "hausnummer")
# Longer texts, which share words with everything.
TEXTS = ("firma1", "firma2", "co_zusatz", "bemerkung", *OF_HOUSES)
DATES = "datum"
# Words of a value: names are short at times, parts of an address of e-mail say nothing then.
NAMES = ("vorname", "nachname", "geburtsname")
SHORTEST, SHORTEST_NAME, SHORTEST_NUMBER = 3, 2, 5
# So many digits at its end tell a phone number from others.
DIGITS = 7
WORD = re.compile(r"[^\W_]+")
# Texts that are a value of a column, however short; that hold one; that begin with one that is a date; that end with
# the digits of one. And words that stand in one.
WHOLE = "select distinct t from shown_text inner join ({known}) as p on t = v where true {public}"
WITHIN = (
    "select distinct t from shown_text inner join (select distinct v from ({known}) where length(v) > {shortest}) as p"
    " on contains(t, v) where true {public}"
)
DATE = "select distinct t from shown_text semi join ({known}) as p on left(t, 10) = left(v, 10)"
NUMBER = """
    select distinct t
    from (select t, regexp_replace(t, '[^0-9]', '', 'g') as d from shown_text)
    semi join (select regexp_replace(v, '[^0-9]', '', 'g') as k from ({known})) as p
        on length(d) >= {digits} and length(k) >= {digits} and right(d, {digits}) = right(k, {digits})
"""
IN_WORDS = """
    select distinct w from (select unnest(regexp_extract_all(v, '[\\pL\\pN]+')) as w from ({known}))
    semi join shown_word using (w)
    where length(w) >= {shortest}
"""


def personal_columns(manifests: Iterable[Json]) -> frozenset[tuple[str, str]]:
    """(Model, column) of all that is marked as personal in any of the manifests of dbt."""
    return frozenset(
        (node["name"], name.strip('"'))
        for manifest in manifests
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        for name, column in node.get("columns", {}).items()
        if {**column.get("meta", {}), **column.get("config", {}).get("meta", {})}.get("pii")
    )


def rare(new: str, old: str) -> str:
    """A value (JSON text) that hardly any record has: its texts as their shape, but for those that the old one has."""
    kept = set(_leaves(_read(old)))

    def shown(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: shown(part) for name, part in value.items()}
        if isinstance(value, list):
            return [shown(part) for part in value]
        return masked(value) if isinstance(value, str) and value not in kept else value

    return json.dumps(shown(json.loads(new)), ensure_ascii=False, separators=(",", ":"))


class Masks:
    """Shows values: those of persons as their shape. Asks the ERP's data about all texts once, in `look_up`."""

    def __init__(self, db: duckdb.DuckDBPyConnection) -> None:
        self._db = db
        self._words: frozenset[str] = frozenset()
        self._texts: frozenset[str] = frozenset()
        self._there = set(
            db.execute(
                "select table_schema, table_name, column_name from information_schema.columns"
                " where table_catalog = current_database()"
            ).fetchall()
        )

    def look_up(self, values: Collection[str]) -> None:
        """Finds out what of these values (JSON text, or plain text) is personal."""
        texts = sorted({text.lower() for value in values for text in _leaves(_read(value))})
        words = sorted({word for text in texts for word in _words(text)})
        self._db.execute("create or replace temp table shown_text (t varchar)")
        self._db.execute("create or replace temp table shown_word (w varchar)")
        self._db.execute("insert into shown_text select unnest(?::varchar[])", [texts])
        self._db.execute("insert into shown_word select unnest(?::varchar[])", [words])
        is_personal, in_words = set[str](), set[str]()
        for table, column, kind in _columns() if texts else ():
            known = self._values(table, column)
            if not known:
                continue
            if kind == DATES:
                is_personal |= self._found(DATE.format(known=known))
                continue
            public = self._of_houses(column) if column in OF_HOUSES else ""
            is_personal |= self._found(WHOLE.format(known=known, public=public))
            if column in TEXTS:
                is_personal |= self._found(WITHIN.format(known=known, public=public, shortest=SHORTEST))
            else:
                if column not in NAMES:
                    is_personal |= self._found(NUMBER.format(known=known, digits=DIGITS))
                shortest = SHORTEST_NAME if column in NAMES else SHORTEST
                in_words |= self._found(IN_WORDS.format(known=known, shortest=shortest))
        self._texts, self._words = frozenset(is_personal), frozenset(in_words)

    def shown(self, value: str) -> str:
        """A value as JSON text, with the shape of what is personal in it."""
        return json.dumps(self._hide(_read(value)), ensure_ascii=False)

    def id(self, external_id: str) -> str:
        """An id as it may be shown: its numbers stay, as in a plan."""
        words = [word for word in _words(external_id.lower()) if not word.isdigit()]
        return str(masked(external_id)) if self._words.intersection(words) else external_id

    def _hide(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: self._hide(part) for name, part in value.items()}
        if isinstance(value, list):
            return [self._hide(part) for part in value]
        texts = list(_leaves(value))
        is_personal = any(
            text.lower() in self._texts or self._words.intersection(_words(text.lower())) for text in texts
        )
        return masked(value) if is_personal else value

    def _found(self, query: str) -> set[str]:
        return {text for (text,) in self._db.execute(query).fetchall()}

    def _values(self, table: str, column: str) -> str:
        """A column as it came, and as staging reads it; empty where it is not there."""
        places = [("erp_raw", table), ("staging", f"base_erp__{table}")]
        return " union all ".join(
            f'select trim(lower("{column}"::varchar)) as v from {schema}."{name}" where "{column}" is not null'
            for schema, name in places
            if (schema, name, column) in self._there
        )

    def _of_houses(self, column: str) -> str:
        """The condition that no house has the value, in a column of the same name that is nobody's."""
        houses = [
            self._values(table.name, column)
            for table in tables().values()
            for one in table.described
            if one.name == column and not one.is_personal
        ]
        known = " union all ".join(filter(None, houses))
        return f"and v not in ({known})" if known else ""


def _columns() -> list[tuple[str, str, str]]:
    return [
        (table.name, column.name, column.kind)
        for table in tables().values()
        for column in table.described
        if column.is_personal and column.name not in HARMLESS
    ]


def _read(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _leaves(value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        for part in value.values():
            yield from _leaves(part)
    elif isinstance(value, list):
        for part in value:
            yield from _leaves(part)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


def _words(text: str) -> list[str]:
    return [
        word
        for word in WORD.findall(text)
        if len(word) >= (SHORTEST_NUMBER if word.isdigit() else SHORTEST_NAME)
    ]
