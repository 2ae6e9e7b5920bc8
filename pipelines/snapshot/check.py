"""Reads the finished delivery again and looks for everything that the original says of persons.

Written in SQL, apart from what replaced the values, so that one does not repeat the mistakes of the other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.erp.delivery.schema import Table, tables
from pipelines.errors import StammdatenError
from pipelines.progress import Progress
from pipelines.snapshot.cells import DATES, filled, folded, placeholder_list, spellings
from pipelines.snapshot.columns import (
    CONTACTS,
    NAMED,
    NO_NAMES,
    PLACES,
    Place,
    kept_values,
    personal_places,
    searched_places,
)
from pipelines.snapshot.rules import rule
from pipelines.snapshot.text import DIALLED, LEAST_IN_TEXT
from pipelines.snapshot.words import GUID, LEAST, WRITTEN, neutral_words, no_names

EMAIL = r"[^\s@;,/<>()\":]+@[^\s@;,/<>()\":.]+(?:[.][^\s@;,/<>()\":.]+)*"
PHONE = r"[+(]*[0-9][0-9\s()/.–-]{4,}[0-9]"
# Numbers of a text; digits of an e-mail address are no phone number.
_NUMBERS = f"regexp_extract_all(regexp_replace(v, '\\S*@\\S*', ' ', 'g'), '{PHONE}')"
# Shorter numbers stand in keys and amounts by chance.
LEAST_DIGITS = 7
# A whole value of a person that is found as a whole somewhere.
LEAST_VALUE = 8
SHOWN = 5


@dataclass(frozen=True)
class Found:
    """Where something of a person still stands; the value is not told."""

    table: str
    column: str
    row: int


def check(db: duckdb.DuckDBPyConnection, folder: Path, progress: Progress) -> int:
    """The number of different original values that were looked for in vain.

    Raises `StammdatenError` naming table, column and row of what was found, or the table that is not as long.
    """
    _needles(db)
    found: list[Found] = []
    written = [table for table in tables().values() if (folder / f"{table.name}.parquet").exists()]
    for number, table in enumerate(written):
        progress("looking for originals", number, len(written))
        file = str(folder / f"{table.name}.parquet").replace("'", "''")
        db.execute(
            f"create or replace temp view written as select * from read_parquet('{file}', file_row_number = true)"
        )
        _check_shape(db, table)
        found += _found(db, table)
    progress("looking for originals", len(written), len(written))
    if found:
        shown = "; ".join(f"{one.table}.{one.column}, row {one.row}" for one in found[:SHOWN])
        more = f" and in {len(found) - SHOWN} other columns" if len(found) > SHOWN else ""
        raise StammdatenError(
            f"the snapshot was not handed out: what the delivery says of a person still stands in {shown}{more};"
            " mend it in the ERP's export, or report it with the kind of text that stands there"
        )
    [(counted,)] = db.execute(
        "select (select count(*) from needles) + (select count(*) from whole)"
    ).fetchall()
    return int(counted)


def _needles(db: duckdb.DuckDBPyConnection) -> None:
    """`needles`: kind (word, email, phone) and text of what is looked for; `whole`: values as they stand."""
    texts = [place for place in personal_places() if place.kind not in DATES]
    union = " union all ".join(
        f"select '{place.column}' as col, {place.column} as v from raw_{place.table}" for place in texts
    )
    names = ", ".join(f"'{column}'" for column in sorted(NO_NAMES))
    neutral = _listed(neutral_words())
    without_entities = "regexp_replace(v, '&#?[A-Za-z0-9]{1,8};', ' ', 'g')"
    stock, streets = (
        " union ".join(
            f"select unnest(regexp_extract_all({folded(column)}, '\\p{{L}}{{{LEAST},}}')) as word from raw_{table}"
            for table, column in places
        )
        for places in (PLACES, NAMED)
    )
    db.execute(f"""
        create temp table originals as
        with found as (select distinct col, v from ({union}) where v is not null),
        cleaned as (select *, {rule("clean_text('v')")} as text from found)
        select col, v, lower(text) as text from cleaned
        where text is not null and text <> 'NULL'
            and {rule("as_word('text')")} not in {placeholder_list()}
    """)
    db.execute(f"create temp table stock as {stock}")
    db.execute(f"create temp table streets as from stock union {streets}")
    db.execute(f"""
        create temp table needles as
        select distinct 'word' as kind, word as needle from (
            select col, unnest(regexp_extract_all({folded(without_entities)}, '\\p{{L}}{{{LEAST},}}')) as word
            from originals where col not in ({names})
        ) where word not in {neutral} and not starts_with(word, 'anonym')
            and (col <> 'strasse' or word not in (select word from streets))
        union
        select distinct 'email', unnest(regexp_extract_all(lower(nfc_normalize(v)), '{EMAIL}')) from originals
        where contains(v, '@')
        union
        select * from (
            select 'phone', {_national("number")} as digits from (
                select unnest({_NUMBERS}) as number from originals
                where col in ({", ".join(f"'{column}'" for column in sorted(CONTACTS))})
            )
        ) where length(digits) >= {LEAST_DIGITS}
    """)
    # Words that are no names, and those of its own streets, may stand in the stock and in papers.
    for name, words in (("in_written", no_names(WRITTEN[0])), ("in_stock", no_names(""))):
        db.execute(f"""
            create temp table {name} as
            select needle as word from needles
            where kind = 'word' and needle not in {_listed(words)} and needle not in (select word from stock)
        """)
    db.execute("create temp table in_person as select needle as word from needles where kind = 'word'")
    db.execute(f"""
        create temp table whole as
        select distinct text from originals
        where col not in ({names}) and length(text) >= {LEAST_VALUE}
            and regexp_matches({folded("text")}, '\\p{{L}}{{{LEAST},}}')
            and not list_has_all([{neutral[1:-1]}], regexp_extract_all({folded("text")}, '\\p{{L}}+'))
            and not starts_with(text, 'anonym') and text not in (select lower(word) from stock)
    """)


def _found(db: duckdb.DuckDBPyConnection, table: Table) -> Iterator[Found]:
    for place in filled(db, "written", table.name, (*personal_places(), *searched_places())):
        [(row,)] = db.execute(_lookup(place)).fetchall()
        if row is not None:
            yield Found(table.name, place.column, int(row) + 1)


def _lookup(place: Place) -> str:
    """The first row of the column in which a needle stands."""
    name = f'"{place.column}"'
    if place.is_personal and place.kind in DATES:
        # Days are few, so that one person's new day is another's old one; only what is no day may not stay.
        return f"select min(file_row_number) from written where lower({name}) in (select text from whole)"
    stays = kept_values(place.kind)
    where = f"{name} not in {_listed(stays)}" if stays else "true"
    if place.is_list:
        where = f"not regexp_full_match({name}, '\\p{{L}}+')"
    words = "in_person" if place.is_personal else "in_written" if place.table in WRITTEN else "in_stock"
    without_ids = f"regexp_replace(v, '{GUID}', ' ', 'g')"
    number = _national("number")
    is_number = "true"
    if not place.is_personal:
        is_number = f"regexp_matches(number, '^{DIALLED}') and length({number}) >= {LEAST_IN_TEXT}"
    phones = f"""
        union all
        select v from (select v, unnest({_NUMBERS}) as number from different)
        where {number} in (select needle from needles where kind = 'phone') and {is_number}
    """
    whole = "union all select v from different where lower(v) in (select text from whole)"
    return f"""
        with different as (select distinct {name} as v from written where {where} and {name} is not null),
        hits as (
            select v from (
                select v, unnest({spellings(without_ids, place.table in WRITTEN)}) as word
                from different where regexp_matches(v, '\\p{{L}}{{2}}')
            ) where word in (select word from {words})
            union all
            select v from (
                select v, unnest(regexp_extract_all(lower(nfc_normalize(v)), '{EMAIL}')) as address from different
                where contains(v, '@')
            ) where address in (select needle from needles where kind = 'email')
            {phones if place.has_numbers or place.column in CONTACTS else ""}
            {whole if place.is_personal else ""}
        )
        select min(file_row_number) from written where {name} in (select v from hits)
    """


def _check_shape(db: duckdb.DuckDBPyConnection, table: Table) -> None:
    """As many rows, and in each column as many values, as the original has."""
    counts = ", ".join(f'count("{column}")' for column in table.columns)
    before, after = (
        db.execute(f"select count(*), {counts} from {view}").fetchall()
        for view in (f"sent_{table.name}", "written")
    )
    if before != after:
        raise StammdatenError(
            f"the snapshot was not handed out: {table.name} has not as many rows or values as the delivery;"
            " take it again"
        )


def _national(number: str) -> str:
    """Digits of a phone number behind zeros, or behind its country."""
    digits = f"regexp_replace({number}, '[^0-9]', '', 'g')"
    return (
        f"case when regexp_matches({number}, '^[^0-9]*[+]') then ltrim(substr({digits}, 3), '0')"
        f" when starts_with({digits}, '00') then ltrim(substr({digits}, 5), '0') else ltrim({digits}, '0') end"
    )


def _listed(words: frozenset[str]) -> str:
    return "(" + ", ".join("'" + word.replace("'", "''") + "'" for word in sorted(words)) + ")"
