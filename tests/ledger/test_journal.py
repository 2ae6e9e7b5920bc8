"""The journal: outcomes of many threads, written together, none lost."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipelines.api.outcome import Outcome
from pipelines.ledger.journal import Journal

THREADS, EACH = 8, 125


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path / "journal.sqlite")
    yield made
    made.close()


def settle(journal: Journal, seq: int) -> None:
    journal.settle(
        "p1", seq, "kiwi", "door", f"001/{seq:04}", Outcome("synced", remote_id=f"r{seq}", requests=1)
    )


def test_what_many_threads_settle_is_in_the_file_when_all_have_come_back(
    journal: Journal, tmp_path: Path
) -> None:
    def work(thread: int) -> None:
        for number in range(EACH):
            settle(journal, thread * EACH + number)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    with sqlite3.connect(tmp_path / "journal.sqlite") as other:
        found = other.execute("select count(*), count(distinct remote_id), max(seq) from outcome").fetchall()
    assert found == [(1000, 1000, 999)]


def test_a_thread_finds_the_parent_that_it_has_just_settled(journal: Journal) -> None:
    def work(thread: int) -> list[str | None]:
        found = []
        for number in range(EACH):
            settle(journal, thread * EACH + number)
            found.append(journal.remote_id("kiwi", "door", f"001/{thread * EACH + number:04}"))
        return found

    with ThreadPoolExecutor(THREADS) as pool:
        found = [remote_id for part in pool.map(work, range(THREADS)) for remote_id in part]
    assert found == [f"r{seq}" for seq in range(1000)]


def test_an_outcome_that_cannot_be_written_waits_and_is_written_with_the_next(
    journal: Journal, tmp_path: Path
) -> None:
    with sqlite3.connect(tmp_path / "journal.sqlite") as other:
        other.execute(
            "create trigger full before insert on outcome begin select raise(abort, 'disk full'); end"
        )
        other.commit()
        with pytest.raises(sqlite3.IntegrityError, match="disk full"):
            settle(journal, 1)
        with pytest.raises(sqlite3.IntegrityError, match="disk full"):
            settle(journal, 2)
        other.execute("drop trigger full")
    settle(journal, 3)
    assert [row for table in journal.outcomes() for row in table["seq"].to_pylist()] == [1, 2, 3]
