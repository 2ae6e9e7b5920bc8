"""What the original says of persons, and where some of it still stands: in SQL, apart from what replaces it.

Names are compared in one spelling (`folded`), so that neither case nor accents nor `ue` for `ü` hide one.
"""

from collections.abc import Collection, Iterable
from typing import Any

import duckdb
import pyarrow as pa

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
)
from pipelines.snapshot.names import LEAST_IN_KEYS
from pipelines.snapshot.rules import placeholder_list, rule
from pipelines.snapshot.spelling import HIDDEN, bare_sql, compact_sql, decoded, without_apostrophes
from pipelines.snapshot.text import DIALLED, LEAST_IN_TEXT
from pipelines.snapshot.words import (
    GUID,
    INVISIBLE,
    LEAST,
    OTHERWISE,
    PLAIN,
    WRITTEN,
    covering_words,
    neutral_words,
    no_names,
)

EMAIL = r"[^\s@;,/<>()\":]+@[^\s@;,/<>()\":.]+(?:[.][^\s@;,/<>()\":.]+)*"
PHONE = r"[+(]*[0-9][0-9\s\x{a0}()/.–-]{4,}[0-9]"
# Letters, a number that is dialled, or something encoded: without them a column of numbers says nothing of anybody.
_MAY_BE_LETTER = r"[A-Za-z\x{80}-\x{10FFFF}]"
_DIALLED = "[+] ?[1-9]|(?:^|[^0-9.:T-])[(]*0[0-9(][0-9 ()/.-]{4,}"
MAY_HOLD = f"{_MAY_BE_LETTER}[^A-Za-z0-9]{{0,2}}{_MAY_BE_LETTER}|[%@]|{_DIALLED}"
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
    # Behind what cannot be read any more only a part of a name is left.
    readable = "regexp_replace(seen, '\\p{L}*\\x{FFFD}[\\p{L}\\x{FFFD}]*', ' ', 'g')"
    in_words = " union all ".join(
        f"select col, unnest(regexp_extract_all({folded(text)}, '\\p{{L}}{{{LEAST},}}')) as word from named"
        for text in (readable, without_apostrophes(readable), _otherwise(readable))
    )
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
    db.execute("create temp table spelled (v varchar, seen varchar)")
    _read_hidden(db, "from originals")
    db.execute(f"create temp table stock as {stock}")
    db.execute(f"create temp table streets as from stock union {streets}")
    db.execute(f"""
        create temp table needles as
        with named as (
            select col, coalesce(seen, v) as seen from originals left join spelled using (v) where col not in ({names})
        )
        select distinct 'word' as kind, word as needle from ({in_words})
        where word not in {neutral} and not starts_with(word, 'anonym')
            and (col <> 'strasse' or word not in (select word from streets))
        union
        select distinct 'email', unnest(regexp_extract_all(lower(nfc_normalize(v)), '{EMAIL}')) from originals
        where contains(v, '@')
        union
        select * from (
            select 'phone', {_national("number")} as digits from (
                select unnest({_numbers("v")}) as number from originals
                where col in ({", ".join(f"'{column}'" for column in sorted(CONTACTS))})
            )
        ) where length(digits) >= {LEAST_DIGITS}
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


def make_glued(db: duckdb.DuckDBPyConnection, pairs: Collection[str], phrases: Collection[str]) -> None:
    """Makes `in_written` and `in_stock` of `needles`: what is looked for within words of papers and of the stock.

    `gram` are its first letters, `around` words and `phrases` that hold it and may stand there, `is_bare` which form of
    a text it is looked for in (NULL: without signs), where first and last name are glued, as in `pairs`.
    """
    _bring(db, "pairs", pair=sorted(pairs))
    words_and_places = [(word, False) for word in covering_words()] + [(phrase, True) for phrase in phrases]
    _bring(
        db,
        "covering",
        word=[word for word, _ in words_and_places],
        is_place=[is_one for _, is_one in words_and_places],
    )
    compact = compact_sql("word")
    forms = (("true", bare_sql("word")), ("false", "word"), ("null", compact), ("null", bare_sql(compact)))
    union = " union all ".join(
        f"select is_place, {is_bare}::boolean as is_bare, unnest({_grams(form)}) as gram, {form} as text from covering"
        for is_bare, form in forms
    )
    db.execute(f"create temp table around as {union}")
    for name, words in (("in_written", no_names(WRITTEN[0])), ("in_stock", no_names(""))):
        db.execute(f"""
            create temp table {name} as
            with names as (
                select distinct {bare_sql("needle")} as needle, true as is_bare from needles
                where kind = 'word' and needle not in {_listed(words)}
                union
                select needle, false from needles
                where kind = 'word' and needle not in {_listed(words)}
                    and (length({bare_sql("needle")}) < {LEAST} or regexp_matches(needle, '^e|[aou]$'))
                union
                select pair, null from pairs
            )
            select names.needle, names.is_bare, substr(names.needle, 1, {LEAST}) as gram,
                coalesce(
                    list(distinct around.text) filter (
                        where contains(around.text, names.needle)
                        and (around.is_place or around.text <> names.needle)
                    ),
                    []
                ) as around
            from names left join around
                on around.is_bare is not distinct from names.is_bare
                and around.gram = substr(names.needle, 1, {LEAST})
            where length(names.needle) >= {LEAST}
            group by all
        """)


def _bring(db: duckdb.DuckDBPyConnection, table: str, **columns: list[Any]) -> None:
    """Makes a table of these columns."""
    db.register("arriving", pa.table({name: pa.array(values) for name, values in columns.items()}))
    db.execute(f"create temp table {table} as from arriving")
    db.unregister("arriving")


def holding(db: duckdb.DuckDBPyConnection, place: Place, values: str) -> str:
    """A query for those of `values`, a query with the column v, in which something of a person stands."""
    if place.is_personal and place.kind in DATES:
        # Days are few, so that one person's new day is another's old one; only what is no day may not stay.
        return f"select v from ({values}) where lower(v) in (select text from whole)"
    _read_hidden(db, values)
    stays = kept_values(place.kind)
    where = f"v not in {_listed(stays)}" if stays else "true"
    number = _national("number")
    is_number = "true"
    if not place.is_personal:
        is_number = f"regexp_matches(number, '^{DIALLED}') and length({number}) >= {LEAST_IN_TEXT}"
    phones = f"""
        union all
        select v from (select v, unnest({_numbers("seen")}) as number from different)
        where {number} in (select needle from needles where kind = 'phone') and {is_number}
    """
    whole = "union all select v from different where lower(v) in (select text from whole)"
    return f"""
        with different as (
            select v, coalesce(seen, v) as seen from ({values}) left join spelled using (v)
            where v is not null and {where}
        )
        {_words_of_persons() if place.is_personal else _names_within(place)}
        union all
        select v from (
            select v, unnest([address, {_cut("address")}, {_cut(_cut("address"))}]) as address from (
                select v, unnest(regexp_extract_all(lower(nfc_normalize(seen)), '{EMAIL}')) as address from different
                where contains(seen, '@')
            )
        ) where address in (select needle from needles where kind = 'email')
        {phones if not place.is_key or place.column in CONTACTS else ""}
        {whole if place.is_personal else ""}
    """


def _words_of_persons() -> str:
    """Values with a whole word that a person has: replacements are random, parts of them say nothing."""
    return f"""
        select v from (
            select v, unnest(regexp_extract_all({folded("v")}, '\\p{{L}}{{{LEAST},}}')) as word
            from different where regexp_matches(v, '\\p{{L}}{{2}}')
        ) where word in (select word from in_person)
    """


def _names_within(place: Place) -> str:
    """Values in which a name stands, whole or within a word, or beside its other half."""
    names = "in_written" if place.is_written else "in_stock"
    words = "regexp_extract_all(text, '\\p{L}+')"
    in_keys, glued = "true", compact_sql("text")
    if place.is_key:
        # Parts of a key stand by themselves in other tables.
        glued = "text"
        in_keys = f"(length(needle) >= {LEAST_IN_KEYS} or list_contains({words}, needle))"
    without_around = "list_reduce(around, lambda rest, one: replace(rest, one, ' '), text)"
    return f"""
        select v from (
            with folded as materialized (
                select v, {folded(without_apostrophes(f"regexp_replace(seen, '{GUID}', ' ', 'g')"))} as text
                from different where regexp_matches(seen, '[A-Za-z\\x{{80}}-\\x{{10FFFF}}]')
            ),
            forms as (
                select v, true as is_bare, {bare_sql("text")} as text from folded
                union all select v, false, text from folded where regexp_matches(text, '[aou]e')
                union all select v, null, {glued} from folded
                union all select v, null, {bare_sql(glued)} from folded
            ),
            grams as (select v, is_bare, text, unnest({_grams("text")}) as gram from forms)
            select v from grams join {names} as names
                on grams.gram = names.gram and grams.is_bare is not distinct from names.is_bare
            where contains(text, needle) and {in_keys}
                and (len(around) = 0 or contains({without_around}, needle))
        )
    """


def _grams(expr: str) -> str:
    """The different runs of so many signs of an SQL text as a list."""
    starts = f"range(1, length({expr}) - {LEAST - 2})"
    return f"list_distinct(list_transform({starts}, lambda here: substr({expr}, here, {LEAST})))"


def filled(db: duckdb.DuckDBPyConnection, view: str, table: str, places: Iterable[Place]) -> list[Place]:
    """Those places of a table in which there is anything that may be of a person."""
    own = [place for place in places if place.table == table]
    tests = ", ".join(
        f'count("{place.column}") > 0'
        if place.is_personal or place.is_free or place.column in PERSON_NUMBERS
        else f"coalesce(bool_or(regexp_matches(\"{place.column}\", '{MAY_HOLD}')), false)"
        for place in own
    )
    [holds] = db.execute(f"select {tests} from {view}").fetchall()
    return [place for place, is_held in zip(own, holds, strict=True) if is_held]


def folded(expr: str) -> str:
    """`plain_letters` in SQL."""
    sql = f"lower(nfc_normalize(regexp_replace({expr}, '{INVISIBLE}', '', 'g')))"
    for letter, plain in PLAIN:
        sql = f"replace({sql}, '{letter}', '{plain}')"
    return f"strip_accents({sql})"


def _otherwise(expr: str) -> str:
    """`written_otherwise` in SQL."""
    sql = f"lower(nfc_normalize({expr}))"
    for letter, plain in OTHERWISE:
        sql = f"replace({sql}, '{letter}', '{plain}')"
    return sql


def _cut(address: str) -> str:
    """An address without what stands behind its last dot: the end of a file's name."""
    return f"regexp_replace({address}, '[.][^.@]*$', '')"


def _numbers(expr: str) -> str:
    """Numbers of an SQL text as a list; digits of an e-mail address are no phone number."""
    return f"regexp_extract_all(regexp_replace({expr}, '\\S*@\\S*', ' ', 'g'), '{PHONE}')"


def _national(number: str) -> str:
    """Digits of a phone number behind zeros, or behind its country."""
    digits = f"regexp_replace({number}, '[^0-9]', '', 'g')"
    return (
        f"case when regexp_matches({number}, '^[^0-9]*[+]') then ltrim(substr({digits}, 3), '0')"
        f" when starts_with({digits}, '00') then ltrim(substr({digits}, 5), '0') else ltrim({digits}, '0') end"
    )


def _read_hidden(db: duckdb.DuckDBPyConnection, values: str) -> None:
    """Adds to `spelled` (v, seen) what those of the values say that may hide letters."""
    hidden = db.execute(
        f"select distinct v from ({values}) where regexp_matches(v, '{HIDDEN}') and v not in (select v from spelled)"
    ).fetchall()
    listed = [value for (value,) in hidden]
    rows = {"v": pa.array(listed, pa.string()), "seen": pa.array(map(decoded, listed), pa.string())}
    db.register("arriving", pa.table(rows))
    db.execute("insert into spelled from arriving")
    db.unregister("arriving")


def _listed(words: frozenset[str]) -> str:
    return "(" + ", ".join("'" + word.replace("'", "''") + "'" for word in sorted(words)) + ")"
