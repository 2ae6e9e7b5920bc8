"""Outcomes that cannot be written, files that are held: one partner stops with its reason, nothing goes twice."""

import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.api.connector import Connector
from pipelines.api.outcome import Outcome
from pipelines.errors import BusyError, SentError, StammdatenError
from pipelines.ledger import journal
from pipelines.ledger.journal import Journal
from pipelines.ledger.ledger import open_database
from pipelines.plan.guards import DEFAULTS
from pipelines.push import push as engine
from pipelines.push import sender
from pipelines.push.push import Push
from pipelines.push.recovery import recover
from tests.push.marts import write_marts
from tests.push.site import TODAY, Site
from tests.push.stock import HOUSE, KIWI
from tests.push.test_bad_row import stock

HOLDER = """
import duckdb, sys
sys.stdin.readline()
db = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def absent_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a look-up does not show is absent at once: how long that takes is tested elsewhere."""
    for partner in ("ETG24", "KIWI"):
        monkeypatch.setenv(f"DESTINATION__{partner}__ABSENT_AFTER", "0")


def sync_both(site: Site, **rows: Any) -> Push:
    """Settles, plans and pushes etg24 and KIWI side by side."""
    with open_database(site.home) as db:
        write_marts(db, "etg24", rows.get("etg24", HOUSE))
        write_marts(db, "kiwi", KIWI)
    recover(site.home, ["etg24", "kiwi"])
    plan_id = engine.plan(site.home, ["etg24", "kiwi"], TODAY).plan_id
    return engine.push(site.home, plan_id, ["etg24", "kiwi"], DEFAULTS)


def journal_sql(site: Site, sql: str) -> None:
    Journal(site.home / "journal.sqlite").close()
    with closing(sqlite3.connect(site.home / "journal.sqlite", isolation_level=None)) as db:
        db.execute(sql)


def creates(site: Site, partner: str) -> Counter[str]:
    """How often each path was posted to."""
    return Counter(line.split()[1] for line in site.sent(partner) if line.startswith("POST"))


def assert_all_are_there_once(site: Site) -> None:
    for partner, rows in (("etg24", HOUSE), ("kiwi", KIWI)):
        for entity, wanted in rows.items():
            assert len(site.sandbox.records(partner, entity)) == len(wanted), (partner, entity)
    assert site.ledger("select count(*) from sync.ledger where state <> 'synced'") == [(0,)]


class Shell:
    """Another program that opens the database when it is told to, and closes it again."""

    def __init__(self, file: Path):
        self._child = subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", HOLDER, str(file)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def hold(self) -> None:
        self._say()
        assert self._child.stdout is not None
        assert self._child.stdout.readline() == "held\n"

    def close(self) -> None:
        self._say()
        self._child.communicate(timeout=60)

    def _say(self) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write("\n")
        self._child.stdin.flush()


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "journal.sqlite")) as opened:
        yield opened


def settle(made: Journal, partner: str, seq: int, **odd: Any) -> None:
    made.settle("p", seq, partner, "door", f"001/{seq}", replace(Outcome("synced", remote_id="r"), **odd))


@pytest.mark.parametrize(
    "odd",
    [
        {"remote_id": "r\ud800"},
        {"http_status": 2**63},
        {"remote_id": {"id": 1}},
        {"fields": ("name", "\udfff")},
        {"fields": (7,)},
    ],
)
def test_an_outcome_that_can_never_be_written_is_that_partners_alone(
    made: Journal, odd: dict[str, Any]
) -> None:
    made.intend("p", "etg24", [1, 2])
    made.intend("p", "kiwi", [3])
    with pytest.raises(Exception, match=r"."):
        settle(made, "etg24", 1, **odd)
    settle(made, "kiwi", 3)
    assert made.remote_id("kiwi", "door", "001/3") == "r"
    assert [row for table in made.outcomes() for row in table["seq"].to_pylist()] == [3]
    assert made.in_doubt() == {"etg24": [("p", 1), ("p", 2)]}


def test_intents_that_cannot_be_written_leave_the_journal_usable(made: Journal) -> None:
    with pytest.raises(OverflowError):
        made.intend("p", "etg24", [1, 2**63])
    made.intend("p", "etg24", [2])
    assert made.in_doubt() == {"etg24": [("p", 2)]}


def test_a_partner_whose_outcomes_cannot_be_written_stops_and_the_other_does_not_notice(site: Site) -> None:
    journal_sql(
        site,
        "create trigger full before insert on outcome when new.partner = 'etg24' and new.seq > 3"
        " begin select raise(abort, 'disk full'); end",
    )
    pushed = sync_both(site)
    assert list(pushed.stopped) == ["etg24"]
    assert "the journal cannot be used (disk full)" in pushed.stopped["etg24"]
    assert sum(line.undelivered for line in pushed.lines if line.partner == "kiwi") == 0
    assert sum(line.pending for line in pushed.lines if line.partner == "etg24") == 12
    assert max(creates(site, "etg24").values()) <= 2
    journal_sql(site, "drop trigger full")
    assert sync_both(site).is_complete
    assert_all_are_there_once(site)


def test_rows_whose_intent_cannot_be_written_are_not_sent(site: Site) -> None:
    journal_sql(
        site,
        "create trigger full before insert on intent when new.partner = 'etg24'"
        " begin select raise(abort, 'disk full'); end",
    )
    pushed = sync_both(site)
    assert list(pushed.stopped) == ["etg24"]
    assert site.sent("etg24") == []
    journal_sql(site, "drop trigger full")
    assert sync_both(site).is_complete
    assert_all_are_there_once(site)


def test_a_full_disk_in_mid_push_sends_nothing_twice(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(journal, "SCHEMA", f"{journal.SCHEMA} pragma max_page_count = 10;")
        rows = stock(units=150, bad=-1)
        pushed = sync_both(site, etg24=rows)
    assert "database or disk is full" in pushed.stopped["etg24"]
    tried = creates(site, "etg24")["/v1/units"]
    assert 0 < tried < 150
    again = sync_both(site, etg24=rows)
    assert again.is_complete, again.stopped
    assert len(site.sandbox.records("etg24", "einheiten")) == 150
    assert creates(site, "etg24")["/v1/units"] == 150


def test_a_journal_that_another_program_holds_stops_the_push_and_nothing_goes_twice(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "BUSY_SECONDS", 0.3)
    site.sandbox.set_option("etg24", "latency_ms", "100")
    Journal(site.home / "journal.sqlite").close()
    with closing(
        sqlite3.connect(site.home / "journal.sqlite", isolation_level=None, check_same_thread=False)
    ) as other:
        holding = after_requests(site, "etg24", 3, lambda: other.execute("begin immediate"))
        with pytest.raises(SentError, match=r"etg24: the journal cannot be used \(database is locked\)"):
            sync_both(site)
        holding.join()
        other.rollback()
    assert sync_both(site).is_complete
    assert_all_are_there_once(site)


def test_an_id_that_is_no_text_leaves_its_row_in_doubt_and_stops_the_partner(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Connector.carry_out

    def odd(self: Connector, operation: Any) -> Outcome:
        done = real(self, operation)
        return replace(done, remote_id="\ud800") if operation.external_id == "001/1/01" else done

    with monkeypatch.context() as patch:
        patch.setattr(Connector, "carry_out", odd)
        pushed = sync_both(site)
    assert "the journal cannot be used (UnicodeEncodeError)" in pushed.stopped["etg24"]
    assert "kiwi" not in pushed.stopped
    assert sync_both(site).is_complete
    assert_all_are_there_once(site)


@pytest.mark.sampled
@pytest.mark.parametrize("broken", ["Sender._carry_out", "rows_of", "Sender._intend"])
def test_whatever_fails_in_the_destination_the_file_is_not_sent_again(
    site: Site, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    calls = []

    def fail(*_: Any) -> Any:
        calls.append(1)
        raise RuntimeError("Ada Muster")

    with monkeypatch.context() as patch:
        patch.setattr(f"{sender.__name__}.{broken}", fail)
        lines = site.sync("kiwi", KIWI)
    assert site.stopped == {
        "kiwi": "a fault of this program (RuntimeError); run again, and report it if it stays"
    }
    assert sum(line.pending for line in lines.values()) == 4
    assert len(calls) <= 20
    assert sum(line.undelivered for line in site.sync("kiwi", KIWI).values()) == 0
    assert len(site.sandbox.records("kiwi", "mieter")) == 1


def test_a_progress_that_fails_stops_nothing(site: Site) -> None:
    def fail(*_: Any) -> None:
        raise BrokenPipeError

    with open_database(site.home) as db:
        write_marts(db, "kiwi", KIWI)
    plan_id = engine.plan(site.home, ["kiwi"], TODAY).plan_id
    assert engine.push(site.home, plan_id, ["kiwi"], DEFAULTS, progress=fail).is_complete


def after_requests(site: Site, partner: str, wanted: int, what: Any) -> threading.Thread:
    """Does something once the partner has seen so many requests."""

    def wait() -> None:
        while len(site.sandbox.requests(partner)) < wanted:
            time.sleep(0.01)
        what()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_a_database_that_a_shell_holds_in_mid_push_is_waited_for(
    site: Site, capfd: pytest.CaptureFixture[str]
) -> None:
    site.close()
    site.sandbox.set_option("kiwi", "latency_ms", "400")

    shell = Shell(site.home / "stammdaten.duckdb")

    def hold() -> None:
        shell.hold()
        time.sleep(4)
        shell.close()

    holding = after_requests(site, "kiwi", 1, hold)
    lines = site.sync("kiwi", KIWI)
    holding.join()
    assert sum(line.undelivered for line in lines.values()) == 0
    assert "Waiting up to 60 s for" in capfd.readouterr().err


def test_a_database_held_to_the_end_is_exit_status_one_and_the_next_run_goes_on(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAMMDATEN_WAIT", "0.5")
    site.close()
    site.sandbox.set_option("kiwi", "latency_ms", "400")
    shell = Shell(site.home / "stammdaten.duckdb")
    holding = after_requests(site, "kiwi", 1, shell.hold)
    with pytest.raises(
        SentError, match=r"operations were sent, and then: .* is held by another program"
    ) as told:
        site.sync("kiwi", KIWI)
    assert told.value.exit_code == 1
    with pytest.raises(BusyError) as before:
        engine.plan(site.home, ["kiwi"], TODAY)
    assert before.value.exit_code == 2
    holding.join()
    shell.close()
    lines = site.sync("kiwi", KIWI)
    assert sum(line.undelivered for line in lines.values()) == 0
    made = [line for line in site.sent("kiwi") if line.startswith("POST") and "session" not in line]
    assert sorted(made) == ["POST /v1/leases 201", "POST /v1/tenants 201", *["POST /v1/units 201"] * 2]


def test_a_fold_that_fails_leaves_the_outcomes_to_the_next_run(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.ledger.ledger.FOLD", "select error('Ada Muster')")
        with pytest.raises(
            SentError, match="the ledger cannot take over the outcomes of the journal"
        ) as told:
            site.sync("kiwi", KIWI)
    assert "Ada" not in str(told.value)
    sent = len(site.sent("kiwi"))
    site.sync("kiwi", KIWI)
    assert len(site.sent("kiwi")) == sent


def test_a_database_that_is_none_is_not_taken_for_a_held_one(tmp_path: Path) -> None:
    (tmp_path / "stammdaten.duckdb").write_text("no database" * 1000)
    with pytest.raises(StammdatenError, match="cannot be opened as a database"), open_database(tmp_path):
        pass


def test_a_wrong_time_to_wait_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAMMDATEN_WAIT", "for ever")
    with pytest.raises(StammdatenError, match="STAMMDATEN_WAIT"), open_database(tmp_path):
        pass
