"""A person who was erased does not come back while the ERP still delivers it."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb

PERSONS = [{"person_nr": number, "nachname": name} for number, name in (("77", "Muster"), ("78", "Probe"))]
RAW = {
    "mandant": [{"mandant_nr": "001"}],
    "person": PERSONS,
    "kontaktweg": [
        {"person_nr": f"  {number} ", "lfd_nr": "1", "art": "E-Mail", "wert": f"{number}@example.org"}
        for number in ("77", "78")
    ],
    "dokument": [
        {"dokument_nr": "D1", "bezug_art": "PERSON", "bezug_key": "77"},
        {"dokument_nr": "D2", "bezug_art": "VE", "bezug_key": "77"},
    ],
}


def test_rows_of_a_forgotten_person_are_not_read(
    dbt: Callable[..., Any], raw_database: Callable[[Mapping[str, Any]], Path]
) -> None:
    file = raw_database(RAW)
    with duckdb.connect(file) as db:
        db.execute("create schema sync")
        db.execute("create table sync.forgotten (digest varchar, salt varchar, in_raw boolean)")
        digest = hashlib.sha256(b"salz77").hexdigest()
        db.execute("insert into sync.forgotten values (?, 'salz', true)", [digest])
    selected = ["base_erp__person", "base_erp__kontaktweg", "base_erp__dokument"]
    kinds = ("--resource-type", "seed", "--resource-type", "model")
    done = dbt("build", *kinds, "--select", *(f"+{name}" for name in selected))
    assert done.success, done.exception
    with duckdb.connect(file) as db:
        rows = [
            db.execute(f"select {column} from staging.{table} order by 1").fetchall()
            for table, column in zip(selected, ("person_nr", "person_nr", "dokument_nr"), strict=True)
        ]
    assert rows == [[("78",)], [("78",)], [("D2",)]]
