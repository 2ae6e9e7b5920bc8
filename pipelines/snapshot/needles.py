"""What the original says of persons, and where some of it still stands: in SQL, apart from what replaces it.

Names are compared in one spelling (`folded`), so that neither case nor accents nor `ue` for `ü` hide one.
"""

from collections.abc import Iterable

import duckdb

from pipelines.snapshot.columns import (
    CONTACTS,
    DATES,
    NAMED,
    NO_NAMES,
    PLACES,
    Place,
    kept_values,
    personal_places,
)
from pipelines.snapshot.rules import placeholder_list, rule
from pipelines.snapshot.text import DIALLED, LEAST_IN_TEXT
from pipelines.snapshot.words import GUID, INVISIBLE, LEAST, PLAIN, WRITTEN, neutral_words, no_names, papers

EMAIL = r"[^\s@;,/<>()\":]+@[^\s@;,/<>()\":.]+(?:[.][^\s@;,/<>()\":.]+)*"
PHONE = r"[+(]*[0-9][0-9\s\x{a0}()/.–-]{4,}[0-9]"
# Numbers of a text; digits of an e-mail address are no phone number.
_NUMBERS = f"regexp_extract_all(regexp_replace(v, '\\S*@\\S*', ' ', 'g'), '{PHONE}')"
# Shorter numbers stand in keys and amounts by chance.
LEAST_DIGITS = 7
# A whole value of a person that is found as a whole somewhere.
LEAST_VALUE = 8


def make_needles(db: duckdb.DuckDBPyConnection) -> None:
    """Makes `needles`: kind (word, email, phone) and text of what is looked for; `whole`: values as they stand."""
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
            create temp table may_be_{name} as
            select needle as word from needles where kind = 'word' and needle not in {_listed(words)}
        """)
        db.execute(
            f"create temp table {name} as from may_be_{name} where word not in (select word from stock)"
        )
    db.execute("create temp table in_person as select needle as word from needles where kind = 'word'")
    db.execute(f"""
        create temp table whole as
        select distinct text from originals
        where col not in ({names}) and length(text) >= {LEAST_VALUE}
            and regexp_matches({folded("text")}, '\\p{{L}}{{{LEAST},}}')
            and not list_has_all([{neutral[1:-1]}], regexp_extract_all({folded("text")}, '\\p{{L}}+'))
            and not starts_with(text, 'anonym') and text not in (select lower(word) from stock)
    """)


def holding(place: Place, values: str, may_be: bool = False) -> str:
    """A query for those of `values`, a query with the column v, in which something of a person stands.

    `may_be`: also those with a word of the stock's own streets that is a person's, too.
    """
    if place.is_personal and place.kind in DATES:
        # Days are few, so that one person's new day is another's old one; only what is no day may not stay.
        return f"select v from ({values}) where lower(v) in (select text from whole)"
    stays = kept_values(place.kind)
    where = f"v not in {_listed(stays)}" if stays else "true"
    if place.is_list:
        where = "not regexp_full_match(v, '\\p{L}+')"
    words = "in_person" if place.is_personal else "in_written" if place.is_written else "in_stock"
    if may_be:
        words = f"may_be_{words}"
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
        with different as (select v from ({values}) where v is not null and {where})
        select v from (
            select v, unnest({spellings(without_ids, place.is_written)}) as word
            from different where regexp_matches(v, '\\p{{L}}{{2}}')
        ) where word in (select word from {words})
        union all
        select v from (
            select v, unnest(regexp_extract_all(lower(nfc_normalize(v)), '{EMAIL}')) as address from different
            where contains(v, '@')
        ) where address in (select needle from needles where kind = 'email')
        {phones if place.has_numbers or place.column in CONTACTS else ""}
        {whole if place.is_personal else ""}
    """


def filled(db: duckdb.DuckDBPyConnection, view: str, table: str, places: Iterable[Place]) -> list[Place]:
    """Those places of a table in which there is anything."""
    own = [place for place in places if place.table == table]
    counts = ", ".join(f'count("{place.column}")' for place in own)
    [counted] = db.execute(f"select {counts} from {view}").fetchall()
    return [place for place, count in zip(own, counted, strict=True) if count]


def spellings(expr: str, is_written: bool) -> str:
    """The folded words of a text as an SQL list; of papers also the names that `name_in` finds."""
    words = f"regexp_extract_all({folded(with_humps(expr))}, '\\p{{L}}{{{LEAST},}}')"
    if not is_written:
        return words
    parts = [
        f"list_transform({words}, lambda word: regexp_extract(word, '{pattern}', 1))"
        for pattern in (f"^(?:{papers()})(.{{{LEAST},}})$", f"^(.{{{LEAST},}}?)(?:{papers()}|s)$")
    ]
    return f"list_concat({words}, {', '.join(parts)})"


def with_humps(expr: str) -> str:
    """A text, and behind it the parts of words such as MietvertragMuster by themselves."""
    return f"{expr} || ' ' || regexp_replace({expr}, '([a-zäöüß])([A-ZÄÖÜ])', '\\1 \\2', 'g')"


def folded(expr: str) -> str:
    """`plain_letters` in SQL."""
    sql = f"lower(nfc_normalize(regexp_replace({expr}, '{INVISIBLE}', '', 'g')))"
    for letter, plain in PLAIN:
        sql = f"replace({sql}, '{letter}', '{plain}')"
    return f"strip_accents({sql})"


def _national(number: str) -> str:
    """Digits of a phone number behind zeros, or behind its country."""
    digits = f"regexp_replace({number}, '[^0-9]', '', 'g')"
    return (
        f"case when regexp_matches({number}, '^[^0-9]*[+]') then ltrim(substr({digits}, 3), '0')"
        f" when starts_with({digits}, '00') then ltrim(substr({digits}, 5), '0') else ltrim({digits}, '0') end"
    )


def _listed(words: frozenset[str]) -> str:
    return "(" + ", ".join("'" + word.replace("'", "''") + "'" for word in sorted(words)) + ")"
