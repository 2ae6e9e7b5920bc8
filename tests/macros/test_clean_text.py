"""C1 and C8: what is taken away from a text, and what is said of one that was damaged."""

from collections.abc import Callable
from typing import Any

import duckdb

Evaluate = Callable[..., list[Any]]

VECTORS = {
    "Müller": "Müller",
    "  Müller\t": "Müller",
    "\u00a0Müller\u2003": "Müller",
    "\u3000\u2028x\u1680\u202f": "x",
    "\r\n004 \v\f": "004",
    "0004": "0004",
    "a\u00a0 b": "a\u00a0 b",
    "": None,
    " ": None,
    "\u00a0\u2007": None,
    "Mu\u0308ller": "Müller",
    "A\u0308": "Ä",
    "Ngo\u0323c": "Ngọc",
    "Ngoc\u0323": "Ngoc\u0323",
    "~": "~",
    "!": "!",
    "_": "_",
    "a_": "a_",
    "a_b": "a_b",
    "a_xb": "a_xb",
    "ß": "ß",
    "é": "é",
    "a & b": "a & b",
    # invisible, wherever it stands
    "aenne@example.org\u200b": "aenne@example.org",
    "Haupt\u00adstraße": "Hauptstraße",
    "\u200e0123\u200f": "0123",
    "\u202aMax\u202c": "Max",
    "\ufeff\u2060x": "x",
    "\u200b": None,
    " \u200b \u200d ": None,
    "\x00a\x07b\x7fc\x9f": "abc",
    "a\u200cb\u202eb": "abb",
    "a\u200b\u0308": "ä",
    "a\tb\nc": "a\tb\nc",
    "x\x1a": "x",
    # Excel's marks
    "Kranz_x000D_\nBach": "Kranz\nBach",
    "Kranz_x000d__x000a_Bach": "Kranz\nBach",
    "Kranz_x000D_": "Kranz",
    '="001"': "001",
    ' ="0123" ': "0123",
    '=" 7 "': "7",
    '=""': None,
    "'001": "001",
    "'-1": "-1",
    "'t Hooft": "'t Hooft",
    "O'Neil": "O'Neil",
    "=1+1": "=1+1",
}


def test_what_cannot_be_seen_goes_and_text_becomes_nfc(evaluate: Evaluate) -> None:
    cleaned = evaluate("{{ clean_text('wert') }}", [*VECTORS, None])

    assert dict(zip(VECTORS, cleaned, strict=False)) == VECTORS
    assert cleaned[-1] is None


def test_a_whole_row_is_cleaned_in_one_line(render_sql: Callable[..., str]) -> None:
    query = render_sql("select {{ clean_text('columns(* exclude (_zeile))') }} from raw")
    with duckdb.connect() as connection:
        connection.execute("create table raw as select 1 as _zeile, ' a' as x, '' as y, 'b\u00a0' as z")
        relation = connection.execute(query)

        assert [column[0] for column in relation.description] == ["x", "y", "z"]
        assert relation.fetchall() == [("a", None, "b")]


KEYS = {
    "0123": "0123",
    "'A-1": "A-1",
    "E+1": "E+1",
    "1E5": "1E5",
    "8,15E+09": None,
    "8.15e+09": None,
    "1E+10 ": None,
    "a+b": "a+b",
}


def test_a_key_in_scientific_notation_is_no_key(evaluate: Evaluate) -> None:
    cleaned = evaluate("{{ clean_text('wert', is_key=true) }}", list(KEYS))

    assert dict(zip(KEYS, cleaned, strict=True)) == KEYS


ENCODING = "UTF-8 that was read as another encoding"
ENTITY = "an HTML entity"
DAMAGED = {
    "M\ufffdller": "U+FFFD stands where a character was lost",
    "MÃ¼ller": ENCODING,
    "BÃ¶ttcher-GroÃŸ": ENCODING,
    "GroÃ\x9fe": ENCODING,
    "Ã„nne": ENCODING,
    "Ãœnal": ENCODING,
    "CafÃ©": ENCODING,
    "â€žTestâ€œ": ENCODING,
    "500 â‚¬": ENCODING,
    "Å ukys Å¡": ENCODING,
    "Adamovi Ä‡": ENCODING,
    "M√ºller": ENCODING,
    "M├╝ller": ENCODING,
    "45Â°": ENCODING,
    "M&uuml;ller": ENTITY,
    "Max &amp; Moritz": ENTITY,
    "O&#39;Neil": ENTITY,
    "&#xFC;": ENTITY,
    "a_x000D_b": "_x000D_ is a line break of Excel, and read as one",
    '="001"': 'a text mark of Excel (="…"), read without it',
    "'001": "a text mark of Excel (apostrophe), read without it",
}
WHOLE = [
    "Müller",
    "Ångström",
    "São Paulo",
    "JOÃO",
    "Ägidius",
    "Max & Moritz",
    "'t Hooft",
    "A&B; C",
    "Maier_x",
    "Âge",
    None,
]


def test_damaged_text_is_told_from_whole_text(evaluate: Evaluate) -> None:
    found = evaluate("{{ damaged_text('wert') }}", list(DAMAGED))

    assert dict(zip(DAMAGED, found, strict=True)) == DAMAGED
    assert evaluate("{{ damaged_text('wert') }}", WHOLE) == [None] * len(WHOLE)


def test_the_short_way_is_for_nothing_that_changes_or_is_damaged(evaluate: Evaluate) -> None:
    odd = [text for text, cleaned in VECTORS.items() if text not in (cleaned, "")] + list(DAMAGED)

    assert not any(evaluate("{{ is_plain_text('wert') }}", odd))
    assert all(
        evaluate("{{ is_plain_text('wert') }}", ["Lindenallee 12", "Müller", "2019-02-01", "a@b.de", "4_5"])
    )
