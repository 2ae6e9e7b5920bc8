"""The first day after the key date on which a verdict may change, though nothing in the delivery does."""

from datetime import date, timedelta

import duckdb

from pipelines.contract.profile import load_profile
from pipelines.ledger.ledger import one
from pipelines.settings import Vars
from pipelines.still_current.notes import SCHEMAS


def first_change(db: duckdb.DuckDBPyConnection, settings: Vars) -> date:
    """No verdict of the marts is another one on the days from the key date up to this one, which may bring some.

    By all dates in all models that there are, and those moved by settings that are a number of days. A comparison
    changes on the date or the day after; the day before is for time stamps near midnight. At the latest New Year's Day.
    """
    today, new_year = settings.stichtag, date(settings.stichtag.year + 1, 1, 1)
    found = [new_year]
    for schema, table, columns in _date_columns(db):
        nearest = [
            f"min({day}) filter (where {day} >= date '{today}' - {shift} and {day} <= date '{new_year}' - {shift})"
            f" + {shift} - 1"
            for day in (f'cast("{column}" as date)' for column in columns)
            for shift in sorted({0, *days_set(settings)})
        ]
        values = one(db, f'select {", ".join(nearest)} from "{schema}"."{table}"')
        # Of the three days the first one that is still to come.
        found += [max(value, today + timedelta(days=1)) for value in values if value is not None]
    return min(found)


def days_set(settings: Vars) -> list[int]:
    """The settings of active partners that are a number of days."""
    found = []
    for partner in settings.active:
        for name, option in load_profile(partner).options.items():
            value = settings.partners[partner].get(name, option.default)
            if option.allowed == "days" and isinstance(value, int):
                found.append(value)
    return found


def _date_columns(db: duckdb.DuckDBPyConnection) -> list[tuple[str, str, list[str]]]:
    """Schema and name of each table of dbt's with its columns that are dates or time stamps."""
    found: list[tuple[str, str, list[str]]] = db.execute(
        "select schema_name, table_name, list(column_name order by column_index) from duckdb_columns()"
        " where database_name = current_database() and list_contains(?, schema_name)"
        " and (data_type = 'DATE' or starts_with(data_type, 'TIMESTAMP')) group by all order by all",
        [list(SCHEMAS)],
    ).fetchall()
    return found
