"""The delivery that both states are built on."""

import multiprocessing
from pathlib import Path

import duckdb
import pytest

from pipelines.diff import raw
from pipelines.errors import BusyError
from pipelines.settings import database


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with views on the tables of a load, as the loader leaves them."""
    folder = tmp_path / "data"
    folder.mkdir()
    with duckdb.connect(str(database(folder))) as db:
        db.execute(
            "create schema erp_load_1; create schema erp_raw; create schema sync;"
            " create table erp_load_1.person as select 1 as _zeile, '4711' as person_nr;"
            " create view erp_raw.person as select * from erp_load_1.person;"
            " create table sync.loads as select 'l1' as load_id, now() as loaded_at, 'person' as table_name,"
            " 1 as row_count; create table sync.forgotten as select 'salt' as salt, 'x' as digest"
        )
    return folder


def test_a_delivery_is_copied_and_the_home_stays_as_it_was(home: Path, tmp_path: Path) -> None:
    before = database(home).read_bytes()
    assert raw.is_loaded(home)
    assert not raw.is_loaded(tmp_path)
    assert raw.copy_raw(home, tmp_path / "copy.duckdb") == {"person": 1}
    assert database(home).read_bytes() == before
    with duckdb.connect(str(tmp_path / "copy.duckdb")) as db:
        assert db.execute("from erp_raw.person").fetchall() == [(1, "4711")]
        assert db.execute("from sync.forgotten").fetchall() == [("salt", "x")]
        assert not db.execute("select 1 from duckdb_tables() where table_name = 'loads'").fetchall()


def test_a_person_that_is_forgotten_makes_another_delivery_of_it(home: Path) -> None:
    before = raw.identity(home)
    assert raw.identity(home) == before
    with duckdb.connect(str(database(home))) as db:
        db.execute("insert into sync.forgotten values ('salt', 'y')")
    assert raw.identity(home) != before


def test_what_a_state_reads_and_the_delivery_lacks_is_empty_there(home: Path) -> None:
    added = raw.fit(database(home), {"person": ("person_nr", "anrede"), "haustier": ("tier_nr",)})
    assert added == ("person.anrede", "haustier")
    with duckdb.connect(str(database(home))) as db:
        assert db.execute("select person_nr, anrede from erp_raw.person").fetchall() == [("4711", None)]
        assert db.execute("select tier_nr from erp_raw.haustier").fetchall() == []
    assert raw.fit(database(home), {"person": ("person_nr", "anrede")}) == ()


def hold(
    path: str, held: "multiprocessing.synchronize.Event", over: "multiprocessing.synchronize.Event"
) -> None:
    with duckdb.connect(path):
        held.set()
        over.wait(30)


def test_a_home_in_which_a_run_writes_is_waited_for_and_then_told(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAMMDATEN_WAIT", "0")
    context = multiprocessing.get_context("spawn")
    held, over = context.Event(), context.Event()
    writer = context.Process(target=hold, args=(str(database(home)), held, over))
    writer.start()
    try:
        assert held.wait(30)
        with pytest.raises(BusyError, match="is held by another program"):
            raw.copy_raw(home, tmp_path / "copy.duckdb")
    finally:
        over.set()
        writer.join(30)
