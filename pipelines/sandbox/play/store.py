"""What the sandbox knows, in one SQLite file: a second start finds what the first one left."""

import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Json = dict[str, Any]

SCHEMA = """
create table if not exists record (
    seq integer primary key autoincrement,
    partner text not null,
    resource text not null,
    id text not null,
    body text not null,
    created_at real not null,
    updated_at real not null,
    unique (partner, resource, id)
);
create table if not exists external_id (
    partner text not null,
    space text not null,
    value text not null,
    resource text not null,
    id text not null,
    primary key (partner, space, value, resource, id)
) without rowid;
create index if not exists external_id_record on external_id (partner, resource, id);
create table if not exists reference (
    partner text not null,
    resource text not null,
    id text not null,
    field text not null,
    target text not null,
    target_id text not null,
    primary key (partner, resource, id, field, target_id)
) without rowid;
create index if not exists reference_target on reference (partner, target, target_id);
create table if not exists deletion (
    seq integer primary key,
    partner text not null,
    resource text not null,
    id text not null,
    external_id text,
    at text not null
);
create table if not exists request (
    seq integer primary key,
    partner text not null,
    method text not null,
    path text not null,
    query text not null,
    status integer not null,
    at text not null,
    body text,
    processed integer not null,
    fault text not null,
    retry_at text
);
create table if not exists note (partner text not null, name text not null, value text not null,
    primary key (partner, name)) without rowid;
"""

REFERRING = """select r.id from reference as r
    where r.partner = ? and r.target = ? and r.target_id = ? and r.resource = ? and r.field like ?"""


@dataclass(frozen=True)
class Record:
    """One record as it lies in the file; `body` holds what the partner was sent, without its own fields."""

    seq: int
    resource: str
    id: str
    body: Json
    created_at: float
    updated_at: float


@dataclass(frozen=True)
class LoggedRequest:
    """One request that reached the sandbox; `body` only when the option `log_bodies` is on.

    `status` is 0 when the connection was cut. `processed`: what was asked for has been done, whatever the caller
    heard of it. `fault` names what came in between, and `retry_at` until when the caller was asked to wait.
    """

    seq: int
    partner: str
    method: str
    path: str
    query: str
    status: int
    at: str
    body: str | None
    processed: bool
    fault: str
    retry_at: str | None


@dataclass(frozen=True)
class Deletion:
    """One record that was deleted at the partner."""

    seq: int
    partner: str
    resource: str
    id: str
    external_id: str | None
    at: str


class Duplicate(Exception):
    """An external id is taken."""


class Store:
    """Records, references, external ids and logs of all partners. One thread writes."""

    def __init__(self, path: Path):
        self._db = _open(path)
        self._db.executescript(SCHEMA)
        self._complete_log()
        [(last,)] = self._db.execute(
            "select coalesce(max(seq), 0) from sqlite_sequence where name = 'record'"
        ).fetchall()
        self._last = int(last)

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What is written inside is kept as a whole or not at all."""
        self._db.execute("begin")
        try:
            yield
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")

    @contextmanager
    def part(self) -> Iterator[None]:
        """Inside a transaction: what is written in here is kept as a whole or not at all."""
        self._db.execute("savepoint part")
        try:
            yield
        except BaseException:
            self._db.execute("rollback to part")
            raise
        finally:
            self._db.execute("release part")

    def next_number(self) -> int:
        """A number that no record of any partner has had."""
        self._last += 1
        return self._last

    def insert(self, partner: str, record: Record) -> None:
        """Adds a record; its `seq` comes from `next_number`."""
        self._db.execute(
            "insert into record values (?, ?, ?, ?, ?, ?, ?)",
            (
                record.seq,
                partner,
                record.resource,
                record.id,
                json.dumps(record.body),
                record.created_at,
                record.updated_at,
            ),
        )

    def update(self, partner: str, record: Record) -> None:
        """Replaces body and time of a record."""
        self._db.execute(
            "update record set body = ?, updated_at = ? where partner = ? and resource = ? and id = ?",
            (json.dumps(record.body), record.updated_at, partner, record.resource, record.id),
        )

    def delete(self, partner: str, record: Record) -> None:
        """Removes a record with its references and external ids, and notes that in the log of deletions."""
        ours = self.external_ids(partner, record.resource, record.id)
        self._db.execute(
            "insert into deletion (partner, resource, id, external_id, at) values (?, ?, ?, ?, ?)",
            (partner, record.resource, record.id, ours[0] if ours else None, now_text()),
        )
        self.remove(partner, record)

    def remove(self, partner: str, record: Record) -> None:
        """Removes a record with its references and external ids, and notes it nowhere."""
        for table in ("record", "external_id", "reference"):
            self._db.execute(
                f"delete from {table} where partner = ? and resource = ? and id = ?",
                (partner, record.resource, record.id),
            )

    def set_external_ids(
        self, partner: str, space: str, resource: str, id: str, values: list[str], unique: bool = True
    ) -> None:
        """Replaces the external ids of a record. Raises Duplicate when one must not belong to two records."""
        self._db.execute(
            "delete from external_id where partner = ? and resource = ? and id = ?", (partner, resource, id)
        )
        wanted = list(dict.fromkeys(values))
        if unique and any(self._is_taken(partner, space, value) for value in wanted):
            raise Duplicate
        try:
            self._db.executemany(
                "insert into external_id values (?, ?, ?, ?, ?)",
                [(partner, space, value, resource, id) for value in wanted],
            )
        except sqlite3.IntegrityError:  # a state file from before ids could be shared
            raise Duplicate from None

    def _is_taken(self, partner: str, space: str, value: str) -> bool:
        where = "partner = ? and space = ? and value = ?"
        rows = self._db.execute(f"select 1 from external_id where {where} limit 1", (partner, space, value))
        return rows.fetchone() is not None

    def set_references(
        self, partner: str, resource: str, id: str, references: Iterable[tuple[str, str, str]]
    ) -> None:
        """Replaces the references of a record; each is (field, resource referred to, its id)."""
        self._db.execute(
            "delete from reference where partner = ? and resource = ? and id = ?", (partner, resource, id)
        )
        self._db.executemany(
            "insert or ignore into reference values (?, ?, ?, ?, ?, ?)",
            [(partner, resource, id, *reference) for reference in references],
        )

    def get(self, partner: str, resource: str, id: str) -> Record | None:
        """One record."""
        rows = self._select("partner = ? and resource = ? and id = ?", (partner, resource, id))
        return rows[0] if rows else None

    def by_external_id(self, partner: str, resource: str, value: str) -> list[Record]:
        """The records of a resource that carry an external id: several only where ids need not be unique."""
        where = """partner = ? and resource = ? and id in (
            select e.id from external_id as e where e.partner = ? and e.resource = ? and e.value = ?)"""
        return self._select(where, (partner, resource, partner, resource, value))

    def children(
        self, partner: str, resource: str, target: str, target_id: str, field: str | None = None
    ) -> list[Record]:
        """The records of a resource that refer to a record, in the order of their creation."""
        return self._select(
            f"partner = ? and resource = ? and id in ({REFERRING})",
            (partner, resource, partner, target, target_id, resource, field or "%"),
        )

    def siblings_with(
        self, partner: str, resource: str, target: str, target_id: str, name: str, value: str
    ) -> list[str]:
        """Ids of the records of a resource that refer to a record and have a value in one field."""
        rows = self._db.execute(
            f"""select id from record where partner = ? and resource = ? and id in ({REFERRING})
                and json_extract(body, '$.' || ?) = ?""",
            (partner, resource, partner, target, target_id, resource, "%", name, value),
        )
        return [id for (id,) in rows.fetchall()]

    def page(
        self, partner: str, resource: str, limit: int, offset: int, newest: bool = False
    ) -> list[Record]:
        """Records of a resource in the order of their creation, or the newest first."""
        where = "partner = ? and resource = ?"
        return self._select(where, (partner, resource, limit, offset), limited=True, newest=newest)

    def all(self, partner: str, resource: str) -> list[Record]:
        """All records of a resource in the order of their creation."""
        return self._select("partner = ? and resource = ?", (partner, resource))

    def count(self, partner: str, resource: str) -> int:
        """How many records a resource has."""
        [(number,)] = self._db.execute(
            "select count(*) from record where partner = ? and resource = ?", (partner, resource)
        ).fetchall()
        return int(number)

    def is_referred_to(self, partner: str, resource: str, id: str) -> bool:
        """Whether another record refers to this one."""
        return bool(
            self._db.execute(
                "select 1 from reference where partner = ? and target = ? and target_id = ? limit 1",
                (partner, resource, id),
            ).fetchall()
        )

    def references(self, partner: str, resource: str, id: str) -> list[tuple[str, str, str]]:
        """The references of a record; each is (field, resource referred to, its id)."""
        return self._db.execute(
            "select field, target, target_id from reference where partner = ? and resource = ? and id = ?",
            (partner, resource, id),
        ).fetchall()

    def all_references(self, partner: str, resource: str) -> list[tuple[str, str, str, str]]:
        """The references of all records of a resource; each is (id, field, resource referred to, its id)."""
        return self._db.execute(
            "select id, field, target, target_id from reference where partner = ? and resource = ?",
            (partner, resource),
        ).fetchall()

    def external_ids(self, partner: str, resource: str, id: str) -> list[str]:
        """The external ids of a record, in alphabetical order."""
        rows = self._db.execute(
            "select value from external_id where partner = ? and resource = ? and id = ? order by value",
            (partner, resource, id),
        ).fetchall()
        return [value for (value,) in rows]

    def log(
        self,
        partner: str,
        method: str,
        path: str,
        query: str,
        status: int,
        body: str | None,
        processed: bool,
        fault: str = "",
        retry_at: str | None = None,
    ) -> None:
        """Notes a request."""
        self._db.execute(
            "insert into request (partner, method, path, query, status, at, body, processed, fault, retry_at)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (partner, method, path, query, status, now_text(), body, processed, fault, retry_at),
        )

    def requests(self, partner: str) -> list[LoggedRequest]:
        """All requests that a partner got, in order."""
        columns = "seq, partner, method, path, query, status, at, body, processed, fault, retry_at"
        rows = self._db.execute(
            f"select {columns} from request where partner = ? order by seq",
            (partner,),
        )
        return [LoggedRequest(*[*row[:8], bool(row[8]), *row[9:]]) for row in rows.fetchall()]

    def deletions(self, partner: str) -> list[Deletion]:
        """All records that were deleted at a partner, in order."""
        columns = "seq, partner, resource, id, external_id, at"
        rows = self._db.execute(
            f"select {columns} from deletion where partner = ? order by seq",
            (partner,),
        )
        return [Deletion(*row) for row in rows.fetchall()]

    def note(self, partner: str, name: str, default: str) -> str:
        """A text kept for a partner; the default is kept when there is none yet."""
        self._db.execute("insert or ignore into note values (?, ?, ?)", (partner, name, default))
        [(value,)] = self._db.execute(
            "select value from note where partner = ? and name = ?", (partner, name)
        ).fetchall()
        return str(value)

    def _complete_log(self) -> None:
        """Adds the columns that the log of an older state file does not have."""
        columns = {name for _, name, *_ in self._db.execute("pragma table_info(request)").fetchall()}
        if "processed" in columns:
            return
        self._db.execute("alter table request add column processed integer not null default 0")
        self._db.execute("alter table request add column fault text not null default ''")
        self._db.execute("alter table request add column retry_at text")
        self._db.execute("update request set processed = status < 400")

    def _select(
        self, where: str, values: tuple[Any, ...], limited: bool = False, newest: bool = False
    ) -> list[Record]:
        sql = f"""select seq, resource, id, body, created_at, updated_at from record where {where}
            order by seq {"desc" if newest else ""} {"limit ? offset ?" if limited else ""}"""
        return [
            Record(seq, resource, id, json.loads(body), created_at, updated_at)
            for seq, resource, id, body, created_at, updated_at in self._db.execute(sql, values).fetchall()
        ]


def now_text() -> str:
    """Now, as the logs write it."""
    return moment_text(time.time())


def moment_text(at: float) -> str:
    """A moment in epoch seconds, as the logs write it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def changed(record: Record, body: Mapping[str, Any], at: float) -> Record:
    """The record with another body."""
    return Record(record.seq, record.resource, record.id, dict(body), record.created_at, at)


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.execute("pragma journal_mode = wal")
    db.execute("pragma synchronous = off")
    return db
