"""A sample over and over: keys of their own in each copy, and rows that still belong together."""

from pathlib import Path

import duckdb
import pytest

from benchmarks import large_delivery
from benchmarks.large_delivery import write_copies, write_large
from pipelines.erp.sample import write_sample

UNITS, COPIES = 60, 3
KEYS = {
    "mietvertrag": "mandant_nr, we_nr, gebaeude_nr, ve_nr, mv_nr",
    "person": "person_nr",
    "interessent": "interessent_nr",
    "dokument": "dokument_nr",
}
# Rows of the first table without one of the second, as many in each copy.
LOST = (
    "mieter anti join person using (person_nr)",
    "mieter anti join mietvertrag using (mandant_nr, we_nr, gebaeude_nr, ve_nr, mv_nr)",
    "(from dokument where bezug_art = 'PERSON') as d anti join person as p on d.bezug_key = p.person_nr",
    "interessent as i anti join verwaltungseinheit as v"
    " on i.objektnr = concat_ws('/', v.mandant_nr, v.we_nr, v.gebaeude_nr, v.ve_nr)",
)


@pytest.fixture(scope="module")
def once_and_often(tmp_path_factory: pytest.TempPathFactory) -> tuple[duckdb.DuckDBPyConnection, ...]:
    sample = tmp_path_factory.mktemp("sample")
    write_sample(sample, UNITS, 1)
    found = []
    for copies in (1, COPIES):
        db = duckdb.connect()
        for table in ("mieter", "verwaltungseinheit", *KEYS):
            target = sample / f"{table}_{copies}.parquet"
            write_copies(sample / f"{table}.csv", target, copies)
            db.execute(f"create table {table} as from '{target}'")
        found.append(db)
    return tuple(found)


def test_each_copy_has_keys_of_its_own(once_and_often: tuple[duckdb.DuckDBPyConnection, ...]) -> None:
    for table, key in KEYS.items():
        once, often = (
            db.execute(f"select count(*), count(distinct row({key})) from {table}").fetchone()
            for db in once_and_often
        )
        assert once
        assert often == (COPIES * once[0], COPIES * once[1]), table


@pytest.mark.parametrize("lost", LOST)
def test_rows_belong_together_in_each_copy(
    once_and_often: tuple[duckdb.DuckDBPyConnection, ...], lost: str
) -> None:
    [once, often] = (db.execute(f"select count(*) from {lost}").fetchall()[0][0] for db in once_and_often)
    assert often == COPIES * once


def test_a_size_that_is_no_number_of_samples_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_delivery, "AT_ONCE", 10)
    with pytest.raises(ValueError, match="25 units"):
        write_large(tmp_path / "erp", 25)
