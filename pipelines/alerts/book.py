"""What is wrong, who was told, and who has to be told yet: `alerts.sqlite` in the home, and its copy `sync.alerts`.

A file of its own, because a run holds the DuckDB file for hours, and somebody has to hear of it then, too.
Each message is noted before it is sent and after: where a process dies between, it comes once more, and is never lost.
"""

import fcntl
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from pipelines.alerts.conditions import Condition, Key
from pipelines.alerts.glance import FILE
from pipelines.database import open_file, said, writing
from pipelines.errors import BusyError
from pipelines.ledger.ledger import create_tables, in_transaction
from pipelines.settings import database

LOCK = "alerts.lock"
# Nobody wants to hear after a week what could not be told for a week.
TOLD_WITHIN = timedelta(days=7)
# A message whose sender died in the middle may have arrived: it is sent again so often at most.
MOST_UNKNOWN = 3
KEPT = timedelta(days=180)
# Room that is taken beforehand, so that something can still be noted once the disk is full.
RESERVED = 65_536

SCHEMA = """
create table alerts (
    alert_id integer primary key, kind text not null, partner text, what text, text text not null,
    begun_at text not null, over_at text, over_text text
);
create table deliveries (
    alert_id integer not null, part text not null, target text not null, state text not null, unknown integer not null,
    at text not null, why text, primary key (alert_id, part, target)
);
create table facts (name text primary key, value text);
create table room (bytes blob);
"""
COPY = """
    select alert_id, kind, partner, what, text, begun_at, over_at, over_text,
        (select group_concat(target) from deliveries as d
            where d.alert_id = a.alert_id and part = 'begin' and state = 'sent'),
        (select group_concat(target) from deliveries as d
            where d.alert_id = a.alert_id and part = 'end' and state = 'sent')
    from alerts as a order by alert_id
"""


@dataclass(frozen=True)
class Alert:
    """Something that is wrong, or was. Times are UTC."""

    alert_id: int
    key: Key
    text: str
    begun_at: datetime
    over_at: datetime | None = None
    over_text: str | None = None


@dataclass(frozen=True)
class Due:
    """A part of an alert, `begin` or `end`, that a target has to be told yet; `why` it was not, if that was tried."""

    alert: Alert
    part: str
    target: str
    why: str | None = None


class Book:
    """The file of alerts. Every change is a transaction; raises `sqlite3.Error` where it cannot be written."""

    def __init__(self, path: Path | str, why: str | None = None):
        # Why what is noted here is forgotten with the process, and so is told again; None where it is kept.
        self.why = why
        self._db = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
        try:
            self._make()
        except BaseException:
            self._db.close()
            raise

    def _make(self) -> None:
        # The journal keeps its room, too.
        self._db.execute("pragma journal_mode = persist")
        if self._db.execute("select 1 from sqlite_master where name = 'room'").fetchone():
            return
        with writing(self._db):
            for statement in SCHEMA.split(";"):
                self._db.execute(statement)
            self._db.execute("insert into room values (zeroblob(?))", [RESERVED])
        with writing(self._db):
            self._db.execute("delete from room")

    def close(self) -> None:
        """Lets go of the file."""
        self._db.close()

    def open_alerts(self) -> list[Alert]:
        """What is wrong now, the oldest first."""
        return [_alert(row) for row in self._rows("where over_at is null order by alert_id")]

    def first_looked(self, now: datetime) -> datetime:
        """When this home was watched first: what was due before is nobody's fault. Notes it where it is not known."""
        with writing(self._db):
            self._db.execute("insert or ignore into facts values ('first_looked', ?)", [now.isoformat()])
        (found,) = self._db.execute("select value from facts where name = 'first_looked'").fetchone()
        return datetime.fromisoformat(found)

    def note(
        self, begun: list[Condition], over: list[tuple[Alert, str]], targets: list[str], now: datetime
    ) -> None:
        """Notes what began and what is over, and whom to tell: a target that is new hears of all that is open."""
        at = now.isoformat()
        with writing(self._db):
            for one in begun:
                self._db.execute(
                    "insert into alerts (kind, partner, what, text, begun_at) values (?, ?, ?, ?, ?)",
                    [one.key.kind, one.key.partner, one.key.what, one.text, at],
                )
            for alert, why in over:
                self._db.execute(
                    "update alerts set over_at = ?, over_text = ? where alert_id = ?",
                    [at, why, alert.alert_id],
                )
            for target in targets:
                self._db.execute(
                    "insert or ignore into deliveries select alert_id, 'begin', ?, 'open', 0, ?, null from alerts"
                    " where over_at is null",
                    [target, at],
                )
            # Who was never told that it began need not hear that it is over, unless it will be told now.
            self._db.execute(
                "insert or ignore into deliveries select alert_id, 'end', target, 'open', 0, ?, null from deliveries"
                " inner join alerts using (alert_id)"
                " where over_at is not null and part = 'begin' and state <> 'dropped'",
                [at],
            )
            self._drop(now)

    def _drop(self, now: datetime) -> None:
        """Gives up what could not be told in time; a target that is not set just now keeps what it has to be told."""
        self._db.execute(
            "update deliveries set state = 'dropped' where state in ('open', 'sending') and (at < ? or unknown >= ?)",
            [(now - TOLD_WITHIN).isoformat(), MOST_UNKNOWN],
        )
        self._db.execute("delete from alerts where over_at < ?", [(now - KEPT).isoformat()])
        self._db.execute("delete from deliveries where alert_id not in (select alert_id from alerts)")

    def due(self) -> list[Due]:
        """What has to be told yet, in the order in which it happened."""
        found = self._db.execute(
            "select alert_id, kind, partner, what, text, begun_at, over_at, over_text, part, target, why"
            " from deliveries inner join alerts using (alert_id) where state in ('open', 'sending')"
            " order by at, part = 'end', alert_id"
        ).fetchall()
        return [Due(_alert(row[:8]), *row[8:]) for row in found]

    def sending(self, parts: list[Due]) -> None:
        """Notes that these are being sent; until it is known what became of it they may have arrived."""
        self._mark(parts, "sending", "unknown + 1", None)

    def sent(self, parts: list[Due], why: str | None) -> None:
        """Notes that they were taken, or why they were not: then they are sent again."""
        self._mark(parts, "open" if why else "sent", "unknown - 1", why)

    def _mark(self, parts: list[Due], state: str, unknown: str, why: str | None) -> None:
        with writing(self._db):
            self._db.executemany(
                f"update deliveries set state = ?, unknown = {unknown}, why = ?"
                " where alert_id = ? and part = ? and target = ?",
                [(state, why, one.alert.alert_id, one.part, one.target) for one in parts],
            )

    def copy(self, home: Path) -> None:
        """Writes `sync.alerts` anew, if nobody holds the DuckDB file now; does not raise."""
        if not database(home).exists():
            return
        rows = [
            [
                *row[:5],
                *map(_moment, row[5:7]),
                row[7],
                *(names.split(",") if names else [] for names in row[8:]),
            ]
            for row in self._db.execute(COPY).fetchall()
        ]
        # A copy: the file is what counts, and the next one writes it again.
        with suppress(Exception), open_file(database(home)) as db:
            create_tables(db)
            if not _lie_there(db, rows):
                in_transaction(db, lambda: _written(db, rows))

    def _rows(self, where: str) -> list[tuple[str, ...]]:
        return self._db.execute(
            f"select alert_id, kind, partner, what, text, begun_at, over_at, over_text from alerts {where}"
        ).fetchall()


@contextmanager
def open_book(home: Path, wait: float = 0) -> Iterator[Book]:
    """The book, for this process alone: two that look at once would tell the same twice.

    Raises `BusyError` where another one has it for longer than `wait` seconds. Where not even the lock can be
    written, the book lasts as long as the process.
    """
    until = time.monotonic() + wait
    try:
        opened = (home / LOCK).open("a")
    except OSError as problem:
        with closing(Book(":memory:", said(problem))) as book:
            yield book
        return
    with opened as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() >= until:
                    raise BusyError(f"{home / FILE}: another command tells of alerts just now") from None
                time.sleep(0.1)
        with closing(_opened(home / FILE)) as book:
            yield book


def _opened(path: Path) -> Book:
    """The book; one that is damaged is put aside, and where none can be written it lasts as long as the process."""
    try:
        return Book(path)
    except sqlite3.OperationalError as problem:
        if "locked" in str(problem):
            raise BusyError(f"{path}: another program holds it; close it there") from None
        # Most likely the disk is full.
        return Book(":memory:", said(problem))
    except sqlite3.DatabaseError:
        try:
            path.replace(path.with_name(f"{path.name}.damaged"))
            return Book(path)
        except (OSError, sqlite3.Error) as problem:  # the disk that cut it is still full
            return Book(":memory:", said(problem))


def read_open(home: Path) -> tuple[list[Alert], list[Due]]:
    """What is wrong now, and what is still to be told; nothing where nobody has looked yet. Changes nothing."""
    if not (home / FILE).exists():
        return [], []
    with closing(_opened(home / FILE)) as book:
        return book.open_alerts(), book.due()


def _alert(row: tuple[str, ...]) -> Alert:
    number, kind, partner, what, text, begun, over, over_text = row
    return Alert(
        int(number), Key(kind, partner, what), text, datetime.fromisoformat(begun), _moment(over), over_text
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def _lie_there(db: duckdb.DuckDBPyConnection, rows: list[list[object]]) -> bool:
    """Whether the copy is as it should be: a file that is written to looks to a run as if something had changed."""
    return [list(row) for row in db.execute("from sync.alerts order by alert_id").fetchall()] == rows


def _written(db: duckdb.DuckDBPyConnection, rows: list[list[object]]) -> None:
    db.execute("delete from sync.alerts")
    if rows:
        db.executemany(f"insert into sync.alerts values ({', '.join('?' * len(rows[0]))})", rows)
