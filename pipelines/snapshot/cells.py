"""The replacement of every value, once for each different one, in tables that end with the connection.

`masked` has kind, v (the value) and m (its replacement) of personal columns, `searched` table_name, column_name, v and
m of those values of other columns in which something of a person was found.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from pipelines.erp.delivery.schema import tables
from pipelines.progress import Progress
from pipelines.snapshot.columns import (
    CONTACTS,
    DATES,
    NAMED,
    NO_NAMES,
    PERSON_NUMBERS,
    PLACES,
    Place,
    kept_values,
    personal_places,
    searched_places,
)
from pipelines.snapshot.dates import MONTH_BESIDE, Days
from pipelines.snapshot.key import Key
from pipelines.snapshot.names import Names, pairs_of
from pipelines.snapshot.needles import filled, holding, make_glued, make_needles
from pipelines.snapshot.rules import cleaned_day, placeholder_list, rule, says_no_date, text_signature
from pipelines.snapshot.spelling import HIDDEN, decoded, stream
from pipelines.snapshot.text import (
    ADDRESSED,
    LEAST_PHONE,
    PHONE,
    Known,
    Masker,
    phone_number,
)
from pipelines.snapshot.words import (
    LEAST,
    WRITTEN,
    name_words,
    no_names,
)

BATCH = 50_000
# So often a value gets another replacement, before it stays as it is read.
ATTEMPTS = 12
MONTH = re.compile(
    r"(?i)(?<![^\W\d_])(jan|feb|mrz|mär|mar|apr|mai|may|jun|jul|aug|sep|okt|oct|nov|dez|dec)([a-zä]*)"
)


@dataclass(frozen=True)
class Cells:
    """How many different values were replaced, those of other columns in which something was, and what was not kept."""

    masked: int
    searched: int
    notes: tuple[str, ...]


def replace_cells(
    db: duckdb.DuckDBPyConnection, key: Key, phrases: tuple[str, ...], progress: Progress
) -> Cells:
    """Makes `masked` and `searched` of the views `raw_<table>`. `phrases` stay in remarks, whatever they say."""
    make_needles(db)
    _collect(db)
    known = _known(db)
    masker = Masker(key, known, phrases)
    days = Days(masker, ZoneInfo(rule("zeitzone()")))
    _mask(db, masker, days, progress)
    notes = _settle(db, masker, days, progress)
    birthdays = {
        day for (day,) in db.execute("select distinct day from cells where day is not null").fetchall()
    }
    _search(db, masker, days, birthdays, progress)
    return Cells(_count(db, "masked where m <> v"), _count(db, "searched"), notes)


def _collect(db: duckdb.DuckDBPyConnection) -> None:
    """`cells`: each different value of each kind, whether it stays as it is, and the day that it means."""
    selects = [
        f"select '{place.kind}' as kind, {place.column} as v, {str(place.column not in NO_NAMES).lower()} as is_name,"
        f" {str(place.column == 'strasse').lower()} as is_street, {str(place.column in CONTACTS).lower()} as is_contact"
        f" from raw_{place.table}"
        for place in personal_places()
    ]
    kept = {kind: kept_values(kind) for kind in ("anrede", "geschlecht")}
    is_kept = " or ".join(
        f"(kind = '{kind}' and text in ({', '.join(repr(value) for value in sorted(values))}))"
        for kind, values in kept.items()
    )
    in_placeholders = f"{rule('as_word(' + repr('text') + ')')} in {placeholder_list()}"
    db.execute(f"""
        create temp table cells as
        with found as ({" union all ".join(selects)}),
        different as (
            select kind, v, bool_or(is_name) as is_name, bool_and(is_street or not is_name) as is_street,
                bool_or(is_contact) as is_contact
            from found where v is not null group by kind, v
        ),
        cleaned as (select *, {rule("clean_text('v')")} as text from different)
        select row_number() over (order by kind, v) - 1 as place, kind, v, is_name, is_street, is_contact,
            coalesce(text is null or text = 'NULL' or {in_placeholders} or {is_kept}, true)
                or (kind = 'geburtsdatum' and {says_no_date("v", True)})
                or (kind = 'datum' and {says_no_date("v", False)}) as stays,
            case kind
                when 'geburtsdatum' then {cleaned_day("v", True)} when 'datum' then {cleaned_day("v", False)}
            end as day
        from cleaned
    """)
    db.execute("create temp table masked (place bigint, kind varchar, v varchar, m varchar)")


def _known(db: duckdb.DuckDBPyConnection) -> Known:
    in_stock = {
        word
        for table, column in (*PLACES, *NAMED)
        for (value,) in db.execute(
            f"select distinct {column} from raw_{table} where {column} is not null"
        ).fetchall()
        for word in name_words(value)
    }
    words: set[str] = set()
    phones: set[str] = set()
    for batch in _batches(
        db, f"select v, is_name, is_street, is_contact from cells where not stays and kind not in {DATES}"
    ):
        for value, is_name, is_street, is_contact in zip(
            *(one.to_pylist() for one in batch.columns), strict=True
        ):
            if is_name:
                found = {word for word in name_words(decoded(value)) if not word.startswith("anonym")}
                words |= found - in_stock if is_street else found
            for token in re.findall(PHONE, value) if is_contact else ():
                number = phone_number(token)
                if len(number) >= LEAST_PHONE:
                    phones.add(number)
    return Known(frozenset(words), frozenset(phones), _pairs_of_names(db, words))


def _pairs_of_names(db: duckdb.DuckDBPyConnection, words: Collection[str]) -> frozenset[str]:
    """First and last names glued, of those who are not found by each name alone."""
    found = {
        pair
        for table in ("person", "interessent")
        for first, last in db.execute(
            f"select distinct vorname, nachname from raw_{table} where nachname is not null"
            " and nachname in (select v from originals where col = 'nachname')"
        ).fetchall()
        for pair in pairs_of(first, last)
    }
    return frozenset(found)


def _mask(db: duckdb.DuckDBPyConnection, masker: Masker, days: Days, progress: Progress) -> None:
    total = _count(db, "cells")
    for first in range(0, total, BATCH):
        progress("replacing values", first, total)
        query = f"select place, kind, v, stays, day, 0 from cells where place >= {first} and place < {first + BATCH}"
        _insert(db, db.execute(query).fetchall(), masker, days)
    progress("replacing values", total, total)


def _settle(db: duckdb.DuckDBPyConnection, masker: Masker, days: Days, progress: Progress) -> tuple[str, ...]:
    """Replaces again what the rules read in another way, or what became the same though it differs."""
    placeholders = placeholder_list()
    same = f"{text_signature('v', placeholders)} is not distinct from {text_signature('m', placeholders)}"
    read = " or ".join(
        f"(kind = '{kind}' and not stays and ((day is null and ({cleaned_day('m', is_birthday)} is not null"
        f" or {says_no_date('m', is_birthday)})) or (day is not null and {cleaned_day('m', is_birthday)} is null)))"
        for kind, is_birthday in (("geburtsdatum", True), ("datum", False))
    )
    looked_at, differs = "true", 0
    for attempt in range(1, ATTEMPTS + 2):
        progress("checking against the rules", attempt - 1, ATTEMPTS)
        db.execute(f"""
            create or replace temp table wrong as
            select place from masked join cells using (place, kind, v)
            where {looked_at} and case when kind in {DATES} then {read} else not ({same}) end
        """)
        differs = _count(db, "wrong")
        db.execute(f"""
            insert into wrong
            with compared as (
                select place, kind, lower(nfc_normalize(v)) as before, lower(nfc_normalize(m)) as after
                from masked where kind not in {DATES}
            ),
            alike as (
                select kind, after, min(before) as first from compared
                group by kind, after having min(before) <> max(before)
            )
            select place from compared join alike using (kind, after)
            where before <> first and place in (select place from cells where not stays)
        """)
        again = db.execute(
            "select place, kind, v, stays, day, ? from cells where place in (select place from wrong)",
            [attempt],
        ).fetchall()
        if not again:
            progress("checking against the rules", ATTEMPTS, ATTEMPTS)
            return ()
        if attempt > ATTEMPTS:
            break
        db.execute("delete from masked where place in (select place from wrong)")
        _insert(db, again, masker, days)
        db.execute("create or replace temp table tried as select distinct place from wrong")
        looked_at = "place in (select place from tried)"
    left = _count(db, "wrong")
    return (
        f"{left} values of persons could not be replaced in every respect: {differs} of them are read by a rule"
        " in another way than the original, the others are as another value now; marts may differ for them.",
    )


def _insert(db: duckdb.DuckDBPyConnection, rows: list[tuple[Any, ...]], masker: Masker, days: Days) -> None:
    made = [
        v if stays else mask_value(masker, days, kind, v, day, attempt)
        for _, kind, v, stays, day, attempt in rows
    ]
    batch = pa.table(
        {
            "place": pa.array([row[0] for row in rows], pa.int64()),
            "kind": pa.array([row[1] for row in rows], pa.string()),
            "v": pa.array([row[2] for row in rows], pa.string()),
            "m": pa.array(made, pa.string()),
        }
    )
    _add(db, "masked", batch)


def mask_value(masker: Masker, days: Days, kind: str, value: str, day: date | None, attempt: int = 0) -> str:
    """What stands for a value of a column of this kind."""
    if kind in DATES:
        return days.text(value, day, attempt)
    if kind == "titel":
        return masker.text(value, attempt, keeps_neutral=True)
    if kind == "hausnummer" and MONTH.search(value):
        # A spreadsheet took it for a date (rule C8).
        parts = MONTH.split(value)
        return "".join(
            part if place % 3 == 1 else masker.text(part, attempt, keeps_neutral=place % 3 == 0)
            for place, part in enumerate(parts)
        )
    return masker.text(value, attempt)


def _search(
    db: duckdb.DuckDBPyConnection, masker: Masker, days: Days, birthdays: set[date], progress: Progress
) -> None:
    """`searched`: SQL finds the values in which there may be something, each of these is looked at."""
    db.execute("create temp table searched (table_name varchar, column_name varchar, v varchar, m varchar)")
    phrases = _phrases(db)
    known = masker.known
    names = {
        is_written: Names(known.words, known.pairs, no_names(WRITTEN[0] if is_written else ""), phrases)
        for is_written in (True, False)
    }
    make_glued(db, known.pairs, phrases)
    numbers = _born_numbers(db, days)
    places = [place for name in tables() for place in filled(db, f"raw_{name}", name, searched_places())]
    for number, place in enumerate(places):
        progress("looking through texts", number, len(places))
        db.execute("create or replace temp table looked (v varchar, m varchar)")
        for batch in _batches(db, _candidates(db, place)):
            values = batch.column(0).to_pylist()
            found = [
                numbers[value.strip()]
                if place.column in PERSON_NUMBERS and value.strip() in numbers
                else _searched(masker, days, birthdays, place, value, names[place.is_written])
                for value in values
            ]
            _add(db, "looked", _pairs(values, found))
        if not _count(db, "looked"):
            continue
        still = holding(db, place, "select m as v from looked")
        left = db.execute(f"select distinct v from looked where m in (select v from ({still}))").fetchall()
        if left:
            # Glued or spelled in a way in which the name alone cannot be told: then nothing of the text stays.
            values = [value for (value,) in left]
            _add(
                db,
                "whole_texts",
                _pairs(
                    values,
                    [masker.words(value) if place.is_key else masker.text(value) for value in values],
                ),
                create=True,
            )
            db.execute("delete from looked where v in (select v from whole_texts)")
            db.execute("insert into looked from whole_texts; drop table whole_texts")
        db.execute(
            f"insert into searched select '{place.table}', '{place.column}', v, m from looked where m <> v"
        )
    progress("looking through texts", len(places), len(places))


def _born_numbers(db: duckdb.DuckDBPyConnection, days: Days) -> dict[str, str]:
    """Numbers that somebody made of the day on which the person was born, and what stands for them in all tables."""
    written = " or ".join(
        f"contains(number, strftime(day, '{form}'))"
        for form in ("%Y%m%d", "%d%m%Y", "%y%m%d", "%d%m%y", "%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%d-%m-%Y")
    )
    persons = " union ".join(
        f"select trim({table}_nr) as number, day from raw_{table}"
        " join cells on kind = 'geburtsdatum' and v = geburtsdatum"
        for table in ("person", "interessent")
    )
    db.execute(
        f"create temp table born as select number, min(day) as day from ({persons}) where {written} group by number"
    )
    taken = {number for (number,) in db.execute("select trim(person_nr) from raw_person").fetchall()}
    found = {}
    for number, day in db.execute("select number, day from born order by number").fetchall():
        other, moved = days.known_days(number, {day}), days.day(day)
        while other in taken and moved != day:
            other, moved = days.known_days(other, {moved}), days.day(moved)
        taken.add(other)
        found[number] = other
    return found


def _pairs(values: list[str], replaced: list[str]) -> pa.Table:
    return pa.table({"v": pa.array(values, pa.string()), "m": pa.array(replaced, pa.string())})


def _candidates(db: duckdb.DuckDBPyConnection, place: Place) -> str:
    """Different values of a column in which something of a person stands, or an address, an IBAN or a number may."""
    tests = [
        "contains(v, '@')",
        f"regexp_matches(v, '{HIDDEN}')",
        "regexp_matches(v, '[A-Z]{2}[0-9]{2}[ A-Z0-9]{11,}')",
    ]
    if not place.is_key:
        tests += [
            f"regexp_matches(v, '{pattern}')"
            for pattern in ("[0-9][0-9 ()/._-]{4,}[0-9]", ADDRESSED, MONTH_BESIDE)
        ]
    if place.column in PERSON_NUMBERS:
        tests.append("trim(v) in (select number from born)")
    different = f'select distinct "{place.column}" as v from raw_{place.table}'
    return f"""
        select v from ({different})
        where {" or ".join(tests)} or v in (select v from ({holding(db, place, different)}))
        order by v
    """


def _searched(
    masker: Masker, days: Days, birthdays: Collection[date], place: Place, value: str, names: Names
) -> str:
    text = masker.scanned(value, names, place.is_key)
    return days.known_days(text, birthdays) if place.is_free else text


def _phrases(db: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Streets and places of the stock as names are looked for."""
    found = {
        stream(" ".join(value.split())).text
        for table, column in PLACES
        for (value,) in db.execute(
            f"select distinct {column} from raw_{table} where {column} is not null"
        ).fetchall()
    }
    return tuple(sorted(phrase for phrase in found if len(phrase) >= LEAST))


def _batches(db: duckdb.DuckDBPyConnection, query: str) -> Iterator[pa.RecordBatch]:
    """The rows of a query, as nothing else may run meanwhile: as a whole from DuckDB, in batches from here."""
    yield from db.sql(query).to_arrow_table().to_batches(max_chunksize=BATCH)


def _add(db: duckdb.DuckDBPyConnection, table: str, rows: pa.Table, create: bool = False) -> None:
    db.register("arriving", rows)
    db.execute(
        f"create temp table {table} as from arriving" if create else f"insert into {table} from arriving"
    )
    db.unregister("arriving")


def _count(db: duckdb.DuckDBPyConnection, what: str) -> int:
    [(counted,)] = db.execute(f"select count(*) from {what}").fetchall()
    return int(counted)
