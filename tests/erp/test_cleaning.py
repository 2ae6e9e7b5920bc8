"""Rule C1 outside dbt is the macro's own SQL."""

import duckdb

from pipelines.erp.cleaning import cleaned


def test_a_mandant_is_found_under_its_cleaned_number() -> None:
    numbers = ['="001"', "'002", " 003\u200b", "004", "", None]
    with duckdb.connect() as db:
        db.execute("create table mandant (place integer, mandant_nr varchar)")
        db.executemany("insert into mandant values (?, ?)", list(enumerate(numbers)))
        query = f"select {cleaned('mandant_nr', is_key=True)} from mandant order by place"

        assert [number for (number,) in db.execute(query).fetchall()] == [
            "001",
            "002",
            "003",
            "004",
            None,
            None,
        ]
