"""Warnings about rules that take away much of a table."""

from collections.abc import Iterator
from dataclasses import astuple

import duckdb
import pytest

from pipelines.commands.shares import ShareLimits, note_built, note_pushed, read_limits, warnings
from pipelines.errors import SettingsError

FINDING = "insert into quality.findings values (?, ?, ?, ?, ?, ?, ?)"


@pytest.fixture
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(
            "create schema staging; create schema quality;"
            "create table staging.base_erp__mieter as select range as _zeile from range(10);"
            "create table staging.base_erp__kontaktweg as select range as _zeile from range(40);"
            "create table quality.findings (rule varchar, table_name varchar, key varchar, column_name varchar,"
            " value varchar, partner varchar, reason varchar)"
        )
        yield connection


def find(
    db: duckdb.DuckDBPyConnection,
    count: int,
    rule: str,
    table: str,
    column: str | None = None,
    value: str | None = None,
    reason: str | None = None,
) -> None:
    for number in range(count):
        db.execute(FINDING, [rule, table, str(number), column, value, None, reason])


def told(db: duckdb.DuckDBPyConnection, limits: ShareLimits | None = None) -> list[str]:
    return [warned.message for warned in warnings(db, limits or ShareLimits())]


def test_a_rule_that_takes_away_much_of_a_table_is_named_with_count_share_and_word(
    db: duckdb.DuckDBPyConnection,
) -> None:
    find(db, 8, "L5", "mieter", reason="rolle Mieter")
    find(db, 11, "C9", "kontaktweg", "art", "Mobil")
    note_built(db)

    assert told(db) == [
        "rule L5 hits 8 of 10 rows of mieter (80 %)",
        "rule C9 hits 11 of 40 rows of kontaktweg (28 %): kontaktweg.art, mostly 'Mobil'",
    ]
    assert astuple(warnings(db, ShareLimits())[1])[:8] == (
        "C9",
        "kontaktweg",
        "art",
        None,
        11,
        40,
        27.5,
        None,
    )
    assert told(db, ShareLimits(share=50)) == ["rule L5 hits 8 of 10 rows of mieter (80 %)"]


def test_few_rows_history_and_what_is_expected_are_no_news(db: duckdb.DuckDBPyConnection) -> None:
    find(db, 4, "C2", "mieter", "gueltig_von")
    find(db, 9, "L5", "mieter", reason="gueltig_bis 2024-01-31")
    find(db, 9, "E2", "mieter")
    find(db, 8, "E5", "kontaktweg")
    note_built(db)

    assert told(db) == []


def test_a_share_that_jumps_against_the_last_push_is_named_until_it_is_pushed(
    db: duckdb.DuckDBPyConnection,
) -> None:
    find(db, 2, "E2", "mieter")
    note_built(db)
    note_pushed(db)
    assert told(db) == []

    find(db, 5, "E2", "mieter")
    find(db, 6, "E5", "kontaktweg")
    for _ in range(2):  # building twice does not hide it
        note_built(db)
        assert told(db) == [
            "rule E2 hits 7 of 10 rows of mieter (70 %, 20 % in the last run)",
            "rule E5 hits 6 of 40 rows of kontaktweg (15 %, 0 % in the last run)",
        ]

    note_pushed(db)
    assert told(db) == []


def test_without_a_build_there_is_nothing_to_say() -> None:
    with duckdb.connect() as connection:
        note_built(connection)
        assert told(connection) == []


@pytest.mark.parametrize(
    "wrong", [5, ["share"], {"shares": 1}, {"share": "20"}, {"rows": -1}, {"jump": True}]
)
def test_wrong_limits_are_refused(wrong: object) -> None:
    with pytest.raises(SettingsError, match=r"^warn.*; set it in dbt_project.yml or --vars$"):
        read_limits(wrong)


def test_limits_may_be_set_one_by_one() -> None:
    assert read_limits({"share": 50}) == ShareLimits(share=50, jump=5, rows=5)
    assert read_limits(None) == ShareLimits()
