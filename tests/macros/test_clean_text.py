from collections.abc import Callable
from typing import Any

import duckdb

Evaluate = Callable[..., list[Any]]

VECTORS = {
    "Müller": "Müller",
    "  Müller\t": "Müller",
    "\u00a0Müller\u2003": "Müller",
    "\u3000\u2028\u0085x\u1680\u202f": "x",
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
    "ß": "ß",
    "\u200bx": "\u200bx",
}


def test_outer_white_space_goes_and_text_becomes_nfc(evaluate: Evaluate) -> None:
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
